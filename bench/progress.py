"""Progress bars and status lines, on standard error."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


@contextmanager
def row_progress(total: int) -> Iterator[Callable[[int], object]]:
    with tqdm(total=total, desc="loading", unit=" rows", unit_scale=True, mininterval=0.5, file=sys.stderr) as bar:
        yield bar.update


def with_progress(items: Sequence[T], description: str) -> Iterator[T]:
    yield from tqdm(items, desc=description, unit="", mininterval=0.5, file=sys.stderr)


def print_status(message: str) -> None:
    tqdm.write(message, file=sys.stderr)
