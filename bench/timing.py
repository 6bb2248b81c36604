"""Clocks: of statements, of transactions, of whatever else; and taking turns, so that a noisy moment hits everybody."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any, TypeVar
from unittest.mock import patch

from django.db import connection
from django.db.transaction import Atomic

K = TypeVar("K", bound=Hashable)


def milliseconds(act: Callable[[], object]) -> float:
    since = perf_counter()
    act()
    return (perf_counter() - since) * 1000


def in_turns(rounds: int, measured: Mapping[K, Callable[[], float]]) -> dict[K, float]:
    """The median of each, measured one after the other, again and again."""
    seen: dict[K, list[float]] = {key: [] for key in measured}
    for _ in range(rounds):
        for key, measure in measured.items():
            seen[key].append(measure())
    return {key: median(found) for key, found in seen.items()}


@contextmanager
def statements_timed() -> Iterator[list[float]]:
    """Milliseconds of each statement that Django sends meanwhile, rows fetched."""
    times: list[float] = []

    def timed(execute: Callable[..., Any], *args: Any) -> Any:
        since = perf_counter()
        try:
            return execute(*args)
        finally:
            times.append((perf_counter() - since) * 1000)

    with connection.execute_wrapper(timed):
        yield times


@contextmanager
def transactions_timed() -> Iterator[list[float]]:
    """Milliseconds of each outermost transaction, its commit included."""
    times: list[float] = []
    begin, end = Atomic.__enter__, Atomic.__exit__
    since = 0.0

    def timed_begin(self: Atomic) -> None:
        nonlocal since
        if not connection.in_atomic_block:
            since = perf_counter()
        begin(self)

    def timed_end(self: Atomic, *error: Any) -> None:
        end(self, *error)
        if not connection.in_atomic_block:
            times.append((perf_counter() - since) * 1000)

    with patch.object(Atomic, "__enter__", timed_begin), patch.object(Atomic, "__exit__", timed_end):
        yield times
