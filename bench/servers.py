"""WSGI servers, all configured alike: granian with two workers of one thread."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from config import run

START_TIMEOUT = 60  # seconds


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    @property
    def name(self) -> str:
        """Return the application name of its database connections."""
        return name_of(self.port)


def name_of(port: int) -> str:
    return f"bench-{port}"


@contextmanager
def running_server(settings: str, application: str = "bench.peers.wsgi", *, database: str = "") -> Iterator[Server]:
    """Run an application with these Django settings inside the block."""
    port = free_port()
    command = ["granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "1", "--log-level", "warning"]
    command += ["--workers-kill-timeout", "3", "--host", run.HOST, "--port", str(port), f"{application}:application"]
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment(settings, database) | {"PGAPPNAME": name_of(port)},
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=partial(run.stop_with_parent, os.getpid()),
    )
    try:
        wait_for(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def environment(settings: str, database: str = "") -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "BENCH_DATABASE": database}


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not run.answers(port):
        if process.poll() is not None:
            raise RuntimeError(f"a server has exited with code {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"a server did not answer within {START_TIMEOUT} seconds")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((run.HOST, 0))
        return probe.getsockname()[1]
