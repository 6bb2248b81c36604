"""The program behind `make run`: it starts and stops the database, the web server and the worker together."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import NoReturn

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connections

from config import postgres

HOST = "127.0.0.1"
HIGHEST_PORT = 65_535
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
TIMEOUT = 60
GRACE = 5
WELCOME = """
Curfew is running at {url} (stop it with Ctrl-C; make run FRESH=1 starts over).
"""
DOCS = """API documentation: {url}/docs
"""
DEMO = """
Console for administrators: {url}/console/
Your own sessions:          {url}/account/sessions/

Demo accounts; the password is always curfew-demo:

  super@curfew.example   super admin
  partner@acme.example   partner admin of Acme (tenants north and south); partner@globex.example of Globex (springfield)
  admin@north.example    tenant admin of north; admin@south.example, admin@springfield.example of theirs
  ada@north.example      one of five users there; also katherine@south.example, lisa@springfield.example
  alan@north.example     has MFA; for a code: python3 docs/examples/totp.py CURFEWDEMO234567CURFEWDEMO234567

Sign in and list your sessions from another terminal:

  TOKEN=$(curl -s {url}/api/v1/auth/login -H 'Content-Type: application/json' -d '{{"email": "ada@north.example", \
"password": "curfew-demo"}}' | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["access_token"])')
  curl -s {url}/api/v1/me/sessions -H "Authorization: Bearer $TOKEN"
"""

Children = dict[str, subprocess.Popen[bytes]]


class Stopped(BaseException):
    """The user asked to stop."""


class StartError(Exception):
    """An error whose message is written for the user."""


def main() -> int:
    os.environ.setdefault("CURFEW_ENV", "development")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    handle_signals()
    if "MAKELEVEL" in os.environ:
        stop_with_parent(os.getppid())
    try:
        run(free_port(os.environ.get("PORT") or "8000"))
    except Stopped:
        print("\nStopped.")
        return 0
    except (ImproperlyConfigured, StartError, postgres.PostgresError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def run(port: int) -> NoReturn:
    with database():
        prepare()
        with started(port) as children:
            wait_for_answer(port, children)
            welcome(f"http://{HOST}:{port}")
            while True:
                check(children)
                time.sleep(0.5)


def handle_signals() -> None:
    for number in SIGNALS:
        # Keep ignoring SIGHUP under nohup. A shell ignores SIGINT for background processes, so that is set anyway.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def stop(number: int, frame: object) -> NoReturn:
    ignore_signals()
    raise Stopped


def ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def stop_with_parent(parent: int) -> None:
    """Stop this process when its parent ends, even if the parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def free_port(wanted: str) -> int:
    if not (wanted.isascii() and wanted.isdecimal()):
        raise port_error(wanted, "not a number")
    if wanted.lstrip("0") == "" or len(wanted) > 5 or int(wanted) > HIGHEST_PORT:
        raise port_error(wanted, f"ports are 1 to {HIGHEST_PORT}")
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an ended server's connections may linger
            probe.bind((HOST, int(wanted)))
    except OSError as error:
        question = " Is Curfew already running?" if error.errno == errno.EADDRINUSE else ""
        raise port_error(wanted, str(error.strerror), question) from error
    return int(wanted)


def port_error(wanted: str, reason: str, question: str = "") -> StartError:
    return StartError(f"Port {wanted} cannot be used ({reason}).{question} Choose another: make run PORT=8001")


def database() -> AbstractContextManager[None]:
    if not settings.EMBEDDED:
        if os.environ.get("FRESH"):
            raise StartError("FRESH=1 deletes the embedded database only, but DATABASE_URL is set. Unset one of them.")
        return nullcontext()
    if os.environ.get("FRESH"):
        print(f"Deleting the database in {postgres.home()}", flush=True)
        postgres.delete(postgres.home())
    print(f"Starting PostgreSQL in {postgres.home()}", flush=True)
    return postgres.running(postgres.home())


def prepare() -> None:
    django.setup()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        if settings.EMBEDDED:
            call_command("load_demo")
    except OperationalError as error:
        raise StartError(f"The database cannot be reached: {error}") from error
    finally:
        connections.close_all()


@contextmanager
def started(port: int) -> Iterator[Children]:
    server = ["granian", "--interface", "wsgi", "--host", HOST, "--port", str(port), "--workers", "2"]
    # granian's workers ignore signals while they load the application, and it would wait for them forever.
    server += ["--workers-kill-timeout", "3"]
    server += ["--blocking-threads", "4", "--log-level", "warning", "config.wsgi:application"]
    commands = {"web server": ["-m", *server], "worker": ["-m", "config.worker"]}
    children: Children = {}
    try:
        for name, command in commands.items():
            children[name] = start(command)
        yield children
    finally:
        ignore_signals()
        end(children)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        process_group=0,  # Ctrl-C reaches only this process, which then stops each group
        preexec_fn=partial(stop_with_parent, os.getpid()),
    )


def end(children: Children) -> None:
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + GRACE
    for child in children.values():
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def check(children: Children) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise StartError(
                f"The {name} stopped unexpectedly (exit code {child.returncode}), so the rest was stopped too."
            )
    if settings.EMBEDDED and not postgres.is_alive(postgres.home()):
        raise StartError(
            f"PostgreSQL stopped unexpectedly, so the rest was stopped too. Its log is in {postgres.home()}."
        )


def wait_for_answer(port: int, children: Children) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not answers(port):
        check(children)
        if time.monotonic() > deadline:
            raise StartError(f"The web server did not answer within {TIMEOUT} seconds, so everything was stopped.")
        time.sleep(0.05)


def answers(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def welcome(url: str) -> None:
    text = WELCOME + DOCS * settings.API_DOCS + DEMO * settings.EMBEDDED
    print(text.format(url=url), flush=True)


if __name__ == "__main__":
    sys.exit(main())
