"""Taking the record out of the house: on record itself before the first entry leaves, and as a stream."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.walking import newest_first

FAR = 100_000  # entries that one statement looks through


def far_back(rows: QuerySet[Any]) -> UUID | None:
    """The oldest of those that one statement looks through; None, if that is all there are."""
    return rows.order_by("-pk").values_list("pk", flat=True)[FAR : FAR + 1].first()


def export(
    rows: QuerySet[Any], picked: QuerySet[Any], *, actor: Principal, file_format: str, asked: dict[str, str]
) -> Iterator[list[UUID]]:
    """The ids of `picked`, the newest first, a part at a time. They are some of `rows`, which an index tells."""
    with transaction.atomic():
        # One word for whatever is taken out: `of` says what it was.
        changes = {"of": "record", "format": file_format, "filter": asked}
        record(Action.SESSIONS_EXPORTED, actor=actor, changes=changes)
    return _walk(rows, picked)


def _walk(rows: QuerySet[Any], picked: QuerySet[Any]) -> Iterator[list[UUID]]:
    last: UUID | None = None
    while True:
        floor = far_back(rows if last is None else rows.filter(pk__lt=last))
        within = picked if last is None else picked.filter(pk__lt=last)
        yield from newest_first(within if floor is None else within.filter(pk__gte=floor))
        if floor is None:
            return
        last = floor
