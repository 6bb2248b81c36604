"""Long work goes on in batches. Each is a transaction, and somebody may be waiting for what it has locked."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from django.db import connection

AIM = 0.04  # seconds; one that turns out slower than expected should still end within 0.1
FIRST, LEAST = 100, 50  # rows


class BatchSize:
    """How many rows the next batch takes: as many as fit into AIM, by how long the last full one took."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows = min(FIRST, most)

    @contextmanager
    def timed(self) -> Iterator[int]:
        """The size of a batch, which is what happens inside."""
        began = perf_counter()
        yield self.rows
        self.adapt(perf_counter() - began)

    def adapt(self, seconds: float) -> None:
        """It shrinks at once and grows step by step: one quick batch promises nothing about the next."""
        fitting = int(self.rows * AIM / max(seconds, AIM / 2))
        self.rows = min(self.most, max(LEAST, fitting))


def commit_without_waiting() -> None:
    """Let this transaction's commit not wait until the disk has it, where nobody is told that it happened.

    If the database's host fails within the next second, the batch has not happened, as a whole; the next run does it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
