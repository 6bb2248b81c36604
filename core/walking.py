"""Going through many rows without holding on to anything: a part at a time, each asked for by itself."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

PART = 1_000


def newest_first(rows: QuerySet[Any]) -> Iterator[list[UUID]]:
    """Their ids. What is added meanwhile is not met: it is newer."""
    last: UUID | None = None
    while True:
        left = rows if last is None else rows.filter(pk__lt=last)
        ids = list(left.order_by("-pk").values_list("pk", flat=True)[:PART])
        if ids:
            yield ids
        if len(ids) < PART:
            return
        last = ids[-1]
