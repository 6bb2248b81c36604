"""How far it is, for whoever waits."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


@contextmanager
def counting_rows(total: int) -> Iterator[Callable[[int], object]]:
    with tqdm(total=total, desc="loading", unit=" rows", unit_scale=True, mininterval=0.5, file=sys.stderr) as bar:
        yield bar.update


def counted(each: Sequence[T], what: str) -> Iterator[T]:
    """Each of these, with a line that says how many are done."""
    yield from tqdm(each, desc=what, unit="", mininterval=0.5, file=sys.stderr)


def say(what: str) -> None:
    tqdm.write(what, file=sys.stderr)
