"""Timers for calls, SQL statements and transactions."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any, TypeVar
from unittest.mock import patch

from django.db import connection
from django.db.transaction import Atomic

K = TypeVar("K", bound=Hashable)


def milliseconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000


def interleaved_medians(rounds: int, measurements: Mapping[K, Callable[[], float]]) -> dict[K, float]:
    """Return the median of each measurement.

    All are taken once per round, so that a disturbance of the machine affects all of them alike.
    """
    values: dict[K, list[float]] = {key: [] for key in measurements}
    for _ in range(rounds):
        for key, measure in measurements.items():
            values[key].append(measure())
    return {key: median(each) for key, each in values.items()}


@contextmanager
def statement_times() -> Iterator[list[float]]:
    """Collect the milliseconds of each SQL statement that Django sends inside the block."""
    times: list[float] = []

    def timed(execute: Callable[..., Any], *args: Any) -> Any:
        start = perf_counter()
        try:
            return execute(*args)
        finally:
            times.append((perf_counter() - start) * 1000)

    with connection.execute_wrapper(timed):
        yield times


@contextmanager
def transaction_times() -> Iterator[list[float]]:
    """Collect the milliseconds of each outermost transaction inside the block, its commit included."""
    times: list[float] = []
    enter, leave = Atomic.__enter__, Atomic.__exit__
    start = 0.0

    def timed_enter(self: Atomic) -> None:
        nonlocal start
        if not connection.in_atomic_block:
            start = perf_counter()
        enter(self)

    def timed_exit(self: Atomic, *error: Any) -> None:
        leave(self, *error)
        if not connection.in_atomic_block:
            times.append((perf_counter() - start) * 1000)

    with patch.object(Atomic, "__enter__", timed_enter), patch.object(Atomic, "__exit__", timed_exit):
        yield times
