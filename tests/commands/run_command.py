"""Runs management commands and returns their output streams and exit code."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command

from tests.servers import environment


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Nothing but one object is on standard output."""
        return json.loads(self.out)


def run_command(command: str, *arguments: str) -> Result:
    """Run it here, where the test's transaction can be seen."""
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command(command, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        code = error.returncode
        err.write(f"{error}\n")
    return Result(code, out.getvalue(), err.getvalue())


def start_command(
    command: str, *arguments: str, by: Sequence[str] = ("manage.py",), **streams: Any
) -> "subprocess.Popen[str]":
    """Run it in a process of its own, on the same database."""
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | streams
    command = [sys.executable, *by, command, *arguments]
    env = environment(settings.DATABASES["default"])
    # What a shell runs in the background ignores SIGINT, and so would all that it starts.
    handle_sigint = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=env, text=True, preexec_fn=handle_sigint, **streams)


def result_of(process: "subprocess.Popen[str]", answer: str = "") -> Result:
    out, err = process.communicate(answer, timeout=60)
    return Result(process.returncode, out, err)
