"""What `make run` runs: the database, the server and the worker, together until the first of them or you say stop."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import NamedTuple

from config import postgres

PORT = int(os.environ.get("PORT", "8000"))
URL = f"http://127.0.0.1:{PORT}"
SERVER = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(PORT), "--workers", "2"]
SERVER += ["--blocking-threads", "1", "--log-level", "warning", "config.wsgi:application"]
WORKER = ["manage.py", "procrastinate", "worker"]
PATIENCE = 30
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
WELCOME = """
Curfew is at {url}, its API's pages at {url}/docs

  super@curfew.example      operates the platform
  partner@acme.example      owns the tenants north and south (partner@globex.example: springfield)
  admin@north.example       runs north (also admin@south.example, admin@springfield.example)
  ada@north.example         is one of five users there
                            the password of all is curfew-demo

Sign in and see where you are signed in; paste both lines:

  TOKEN=$(curl -s {url}/api/v1/auth/login -H 'Content-Type: application/json' \\
    -d '{{"email": "ada@north.example", "password": "curfew-demo"}}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s {url}/api/v1/me/sessions -H "Authorization: Bearer $TOKEN"

Ctrl-C stops everything.
"""


class Part(NamedTuple):
    name: str
    process: subprocess.Popen[bytes]


class Stopped(Exception):
    """Somebody asked us to."""


class Problem(Exception):
    """What went wrong, and what to do."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        _require_free_port()
        print("Starting the database, the server and the worker.", flush=True)
        with nullcontext() if os.environ.get("DATABASE_URL") else postgres.running(postgres.home()):
            prepare()
            with _running("server", SERVER) as server, _running("worker", WORKER) as worker:
                _watch(server, worker)
    except Stopped:
        return 0
    except (postgres.PostgresError, Problem) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def prepare() -> None:
    """The tables, and on the first start something to look at."""
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    if settings.EMBEDDED:
        call_command("load_demo", verbosity=0)
    connection.close()


@contextmanager
def _running(name: str, command: list[str]) -> Iterator[Part]:
    """In a group of its own, so that Ctrl-C reaches it through us; and not outliving us, however we end."""
    process = subprocess.Popen([sys.executable, *command], start_new_session=True, preexec_fn=_die_with_parent)
    try:
        yield Part(name, process)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


def _watch(*parts: Part) -> None:
    """Say hello once the server answers; from then on, one part's end is everybody's."""
    greeted, deadline = False, time.monotonic() + PATIENCE
    while True:
        for part in parts:
            if part.process.poll() is not None:
                raise Problem(f"The {part.name} ended with code {part.process.returncode}; what it said is above.")
        if not greeted and _answers():
            greeted = True
            print(WELCOME.format(url=URL), flush=True)
        if not greeted and time.monotonic() > deadline:
            raise Problem(f"The server does not answer at {URL} after {PATIENCE} s.")
        time.sleep(0.5 if greeted else 0.05)


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
            return answer.status == 200
    except OSError:
        return False


def _require_free_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as error:
            raise Problem(f"Port {PORT} is taken. Choose another: PORT={PORT + 1} make run") from error


def _stop(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # once is enough; what follows is orderly
    print("Stopping.", flush=True)
    raise Stopped


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.exit(main())
