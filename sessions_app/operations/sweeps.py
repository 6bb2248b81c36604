"""Writing scope-wide revocations down on the rows they ended. Nothing waits for it: the floors decided already."""

from collections.abc import Callable
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from sessions_app.models import Reach, Revocation, Session, SessionQuerySet
from sessions_app.operations.batches import BatchSize, commit_without_waiting
from sessions_app.operations.revocation import mark_revoked
from tenancy.models import Tenant

BATCH = 10_000  # rows, at most
_SWEEP_LOCK = 0x73776570  # any number that nothing else locks


def sweep(told: Callable[[int], object] = int) -> int:
    """Sweep what is unswept, oldest first, so that each row names the revocation that really ended it.

    Every batch is a transaction of its own: killed at any moment, the next run carries on. `told` hears of each.
    """
    total, before, size = 0, None, BatchSize(most=BATCH)
    while True:
        with size.timed() as rows:
            batch = _sweep_batch(before, rows)
        if batch is None:
            return total
        total += len(batch)
        told(len(batch))
        before = batch[-1] if batch else None


@transaction.atomic(durable=True)  # nothing else is committed with it
def _sweep_batch(before: UUID | None, rows: int) -> list[UUID] | None:
    """Which rows were marked, newest first; None when there is nothing to do, or others are at it and come first.

    `before` only spares a look at the rows that the last batch marked.
    """
    revocation = Revocation.objects.to_sweep().first() if _try_lock() else None
    if revocation is None:
        return None
    commit_without_waiting()
    doomed = _rows_to_mark(revocation)
    ahead = doomed.filter(pk__lt=before) if before else doomed
    locked = ahead.select_for_update(of=("self",), skip_locked=True).newest_first()
    batch = list(locked.values_list("pk", flat=True)[:rows])
    if batch:
        mark_revoked(batch, revocation)
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=F("swept_count") + len(batch))
    elif (is_all := revocation.swept_count == revocation.revoked_count) or before is None:
        # Looking once more from the start would mean a look at all that was just marked; the numbers know better.
        if not is_all and doomed.exists():
            return None
        Revocation.objects.filter(pk=revocation.pk).update(swept_at=Now())
    return batch


def sweep_tenant_before_move(tenant: Tenant) -> None:
    """A partner's revocation finds its sessions by the partner: no longer those that have left, and others' too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SWEEP_LOCK])
    unswept = list(Revocation.objects.to_sweep())
    for revocation in unswept if any(each.reach == Reach.PARTNER for each in unswept) else []:
        swept = mark_revoked(
            list(_rows_to_mark(revocation).filter(tenant=tenant).values_list("pk", flat=True)), revocation
        )
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=F("swept_count") + swept)


def _rows_to_mark(revocation: Revocation) -> SessionQuerySet:
    return Session.objects.within(Reach(revocation.reach), revocation.target_id).filter(
        revoked_at=None,
        revision__lt=revocation.number,
        expires_at__gt=revocation.created_at,
        last_activity_at__gt=revocation.created_at - F("idle_limit"),
    )


def _try_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SWEEP_LOCK])
        return cursor.fetchone()[0]
