"""Going through many rows without holding on to anything: a part at a time, each asked for by itself."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

PART = 1_000


def newest_first(rows: QuerySet[Any], looked_to: Callable[[UUID | None], UUID | None]) -> Iterator[list[UUID]]:
    """Their ids. What is added meanwhile is not met: it is newer. `looked_to` tells, of where it stands, how far back
    one statement may look; None for the end."""
    last: UUID | None = None
    while True:
        to = looked_to(last)
        yield from _parts(rows if to is None else rows.filter(pk__gte=to), last)
        if to is None:
            return
        last = to


def _parts(rows: QuerySet[Any], last: UUID | None) -> Iterator[list[UUID]]:
    while True:
        left = rows if last is None else rows.filter(pk__lt=last)
        ids = list(left.order_by("-pk").values_list("pk", flat=True)[:PART])
        if ids:
            yield ids
        if len(ids) < PART:
            return
        last = ids[-1]
