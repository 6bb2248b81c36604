"""A database server for the bench alone. It goes when the bench goes, with everything in it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import postgres


class Taken(Exception):
    """Two at once would measure each other."""


def home() -> Path:
    """Beside the usual home, so that demo data is never near."""
    usual = postgres.home()
    return usual.with_name(f"{usual.name}-bench")


@contextmanager
def database(home: Path) -> Iterator[None]:
    postgres.make_home(home)
    with open(home.with_name(f"{home.name}.lock"), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Taken(f"Another bench is running in {home}.") from error
        remove_what_was_left(home)
        try:
            with postgres.running(home):
                yield
        finally:
            shutil.rmtree(home, ignore_errors=True)
            Path(lock.name).unlink(missing_ok=True)


def remove_what_was_left(home: Path) -> None:
    """A bench that was killed leaves its server behind: whoever is the last to use it stops it."""
    if postgres.is_alive(home):
        with postgres.running(home):
            pass
    shutil.rmtree(home)
