"""How far it is, for whoever waits."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def counting_rows(total: int) -> Iterator[Callable[[int], object]]:
    with tqdm(total=total, desc="loading", unit=" rows", unit_scale=True, mininterval=0.5, file=sys.stderr) as bar:
        yield bar.update


def say(what: str) -> None:
    tqdm.write(what, file=sys.stderr)
