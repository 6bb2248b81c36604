"""Taking the record out of the house: on record itself before the first entry leaves, and as a stream."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.batches import newest_first

SCAN_LIMIT = 100_000  # entries that one statement looks through


def scan_boundary(rows: QuerySet[Any], after: UUID | None = None) -> UUID | None:
    """The oldest of those that one statement looks through; None, if that is all there are."""
    left = rows if after is None else rows.filter(pk__lt=after)
    return left.order_by("-pk").values_list("pk", flat=True)[SCAN_LIMIT : SCAN_LIMIT + 1].first()


def export(
    rows: QuerySet[Any], picked: QuerySet[Any], *, actor: Principal, file_format: str, asked: dict[str, str]
) -> Iterator[list[UUID]]:
    """The ids of `picked`, the newest first, a part at a time. They are some of `rows`, which an index tells."""
    with transaction.atomic():
        record(Action.RECORD_EXPORTED, actor=actor, changes={"format": file_format, "filter": asked})
    return newest_first(picked, lambda after: scan_boundary(rows, after))
