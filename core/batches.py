"""Iterate over many rows in batches, each read by a statement of its own, without an open transaction."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

BATCH = 1_000


def iter_id_batches(rows: QuerySet[Any], scan_boundary: Callable[[UUID | None], UUID | None]) -> Iterator[list[UUID]]:
    """Yield batches of ids, newest first. Rows added meanwhile are not included.

    `scan_boundary` returns, for a position, the id down to which one statement may scan; None for the end.
    """
    last: UUID | None = None
    while True:
        boundary = scan_boundary(last)
        yield from _batches(rows if boundary is None else rows.filter(pk__gte=boundary), last)
        if boundary is None:
            return
        last = boundary


def _batches(rows: QuerySet[Any], last: UUID | None) -> Iterator[list[UUID]]:
    while True:
        rows_left = rows if last is None else rows.filter(pk__lt=last)
        ids = list(rows_left.order_by("-pk").values_list("pk", flat=True)[:BATCH])
        if ids:
            yield ids
        if len(ids) < BATCH:
            return
        last = ids[-1]
