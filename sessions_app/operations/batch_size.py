"""Batches for long jobs. Each batch is a transaction, and a request may be waiting for a row that it has locked."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from django.db import connection

AIM = 0.04  # seconds; one that turns out slower than expected should still end within 0.1
FIRST, LEAST = 100, 50  # rows


class BatchSize:
    """The size of the next batch: as many rows as fit into AIM seconds, judged by the last full batch."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows = min(FIRST, most)

    @contextmanager
    def timed(self) -> Iterator[int]:
        """Give the size of a batch, and adapt it to the time that the block takes."""
        began = perf_counter()
        yield self.rows
        self.adapt(perf_counter() - began)

    def adapt(self, seconds: float) -> None:
        """Shrink at once and grow step by step, since one quick batch promises nothing about the next."""
        fitting = int(self.rows * AIM / max(seconds, AIM / 2))
        self.rows = min(self.most, max(LEAST, fitting))


def commit_without_waiting() -> None:
    """Commit this transaction without waiting for the disk, where no response depends on it.

    If the database's host fails within the next second, the whole batch is lost, and the next run repeats it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
