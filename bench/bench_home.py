"""The bench's own database server, which is removed with all of its data when the bench ends."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import postgres


class AlreadyRunning(Exception):
    """Another bench is running: two at once would distort each other's figures."""


def path() -> Path:
    """Return a folder beside the usual home, so that the bench never touches the development data."""
    usual = postgres.home()
    return usual.with_name(f"{usual.name}-bench")


@contextmanager
def database(home: Path) -> Iterator[None]:
    postgres.make_home(home)
    with open(home.with_name(f"{home.name}.lock"), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"Another bench is running in {home}.") from error
        remove_leftovers(home)
        try:
            with postgres.running(home):
                yield
        finally:
            shutil.rmtree(home, ignore_errors=True)
            Path(lock.name).unlink(missing_ok=True)


def remove_leftovers(home: Path) -> None:
    """Stop the server that a killed bench has left behind, and remove its data."""
    if postgres.is_alive(home):
        with postgres.running(home):  # the last user of a server stops it
            pass
    shutil.rmtree(home)
