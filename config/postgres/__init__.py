"""The PostgreSQL that comes along: started for the first process that needs it, stopped by the last one to leave.

Three files in the home carry it, because the kernel drops a lock with its holder, however that one ends:

    start.lock   held while somebody starts or stops the server: one at a time
    users.lock   shared by every process that uses the server; who gets it alone is the last
    server.lock  inherited by the server and all its backends: while it is held, something of them is alive
"""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.postgres.place import Place, PostgresError, home
from config.postgres.server import NAME, PORT, Server, is_sole_holder

__all__ = ["PostgresError", "connection", "delete", "home", "is_alive", "make_home", "running"]


def connection(home: Path) -> dict[str, str]:
    """What Django's DATABASES needs to reach it."""
    return {"HOST": str(Place(home).sockets), "PORT": str(PORT), "USER": NAME, "NAME": NAME}


def make_home(home: Path) -> None:
    """The home exists, and the account that runs PostgreSQL can pass through it."""
    place = Place(home)
    with explained(place):
        place.make_home()


def is_alive(home: Path) -> bool:
    return Server(Place(home)).is_listening()


@contextmanager
def running(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run the server inside this block, and stop it afterwards if nobody else uses it.

    `settings` are PostgreSQL's own, and take effect when this call is the one that starts the server.
    """
    make_home(home)
    place = Place(home)
    with explained(place):
        users = place.lock_file("users")
    with users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            with explained(place), turn(place):
                Server(place, settings).ensure()
            yield
        finally:
            with explained(place), turn(place):
                fcntl.flock(users, fcntl.LOCK_UN)
                if is_sole_holder(users):
                    Server(place).stop()


def delete(home: Path) -> None:
    """Delete the database, unless somebody uses it. The next process that runs the server makes an empty one."""
    make_home(home)
    place = Place(home)
    with explained(place), turn(place), place.lock_file("users") as users:
        if not is_sole_holder(users):
            raise PostgresError(f"The database in {home} is in use. Stop what uses it, then try again.")
        if place.data.exists():
            shutil.rmtree(place.data)


@contextmanager
def turn(place: Place) -> Iterator[None]:
    with place.lock_file("start") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        yield


@contextmanager
def explained(place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PostgresError(f"No database in {place.home}: {error}. Set CURFEW_HOME to another folder.") from error
