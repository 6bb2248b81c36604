"""Export of the audit log: recorded itself before the first entry is sent, then streamed."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.batches import iter_id_batches

SCAN_LIMIT = 100_000  # entries scanned by one statement


def scan_boundary(rows: QuerySet[Any], after: UUID | None = None) -> UUID | None:
    """Return the id of the oldest entry that one statement scans, or None if it scans all of them."""
    remaining = rows if after is None else rows.filter(pk__lt=after)
    return remaining.order_by("-pk").values_list("pk", flat=True)[SCAN_LIMIT : SCAN_LIMIT + 1].first()


def export(
    indexed: QuerySet[Any], matching: QuerySet[Any], *, actor: Principal, file_format: str, filters: dict[str, str]
) -> Iterator[list[UUID]]:
    """Record an export, and return the ids of the matching entries, newest first, in batches.

    `matching` narrows `indexed`, which is what the filters with an index leave.
    """
    with transaction.atomic():
        record(Action.RECORD_EXPORTED, actor=actor, changes={"format": file_format, "filter": filters})
    return iter_id_batches(matching, lambda after: scan_boundary(indexed, after))
