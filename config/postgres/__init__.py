"""The embedded PostgreSQL: the first process that needs it starts it, and the last one stops it.

Three lock files in its home coordinate this. The kernel releases a lock when its holder ends, even if it is killed:

    start.lock   held by the process that starts or stops the server, one at a time
    users.lock   shared by every process that uses the server; a process that can lock it alone is the last
    server.lock  inherited by the server and its backends; while it is held, one of them is alive
"""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.postgres.server import NAME, PORT, Server, is_sole_holder
from config.postgres.server_home import PostgresError, ServerHome, home

__all__ = ["PostgresError", "connection", "delete", "home", "is_alive", "make_home", "running"]


def connection(home: Path) -> dict[str, str]:
    """Return the entry of Django's DATABASES for this server."""
    return {"HOST": str(ServerHome(home).sockets), "PORT": str(PORT), "USER": NAME, "NAME": NAME}


def make_home(home: Path) -> None:
    """Create the home, with access for the account that runs PostgreSQL."""
    server_home = ServerHome(home)
    with reporting_errors(server_home):
        server_home.make_home()


def is_alive(home: Path) -> bool:
    return Server(ServerHome(home)).is_listening()


@contextmanager
def running(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run the server inside this block, and stop it afterwards if nobody else uses it.

    `settings` are PostgreSQL's own, and take effect when this call is the one that starts the server.
    """
    make_home(home)
    server_home = ServerHome(home)
    with reporting_errors(server_home):
        users = server_home.lock_file("users")
    with users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            with reporting_errors(server_home), taking_turn(server_home):
                Server(server_home, settings).ensure()
            yield
        finally:
            with reporting_errors(server_home), taking_turn(server_home):
                fcntl.flock(users, fcntl.LOCK_UN)
                if is_sole_holder(users):
                    Server(server_home).stop()


def delete(home: Path) -> None:
    """Delete the database, unless a process uses it. The next process that runs the server makes an empty one."""
    make_home(home)
    server_home = ServerHome(home)
    with reporting_errors(server_home), taking_turn(server_home), server_home.lock_file("users") as users:
        if not is_sole_holder(users):
            raise PostgresError(f"The database in {home} is in use. Stop what uses it, then try again.")
        if server_home.data.exists():
            shutil.rmtree(server_home.data)


@contextmanager
def taking_turn(server_home: ServerHome) -> Iterator[None]:
    with server_home.lock_file("start") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        yield


@contextmanager
def reporting_errors(server_home: ServerHome) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PostgresError(
            f"No database in {server_home.path}: {error}. Set CURFEW_HOME to another folder."
        ) from error
