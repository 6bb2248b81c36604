"""Values of which `make test` tries some at each place, others at every place, and `make proof` all at all of them.

That views share one reader, one authenticator and so on is a matter of the architecture tests; so a value that is
treated wrongly is treated so at many places. A test that samples is marked `sampled`: `make proof` runs it as well.
"""

from collections.abc import Iterable
from typing import TypeVar
from zlib import crc32

from tests.proof.claims import FIGURES

T = TypeVar("T")


def sampled(values: Iterable[T], place: object, share: int = 4) -> list[T]:
    """Every `share`th value, beginning elsewhere at another place; at least one."""
    everything = list(values)
    if FIGURES != "once":
        return everything
    start = crc32(str(place).encode()) % min(share, len(everything))
    return everything[start::share]
