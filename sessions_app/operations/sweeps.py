"""Mark the rows that scope-wide revocations have ended. Their sessions are refused already, by the raised floors."""

from collections.abc import Callable
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from sessions_app.models import Revocation, RevocationScope, Session, SessionQuerySet
from sessions_app.operations.batch_size import BatchSize, commit_without_waiting
from sessions_app.operations.revocation import mark_revoked
from tenancy.models import Tenant

BATCH = 10_000  # rows, at most
_SWEEP_LOCK = 0x73776570  # any number that nothing else locks


def sweep(on_progress: Callable[[int], object] = int) -> int:
    """Sweep pending revocations, oldest first, so that each row names the revocation that really ended it.

    Every batch is a transaction of its own, so that a killed sweep is continued by the next. `on_progress` is called
    with the size of each batch.
    """
    total, before, size = 0, None, BatchSize(most=BATCH)
    while True:
        with size.timed() as rows:
            batch = _sweep_batch(before, rows)
        if batch is None:
            return total
        total += len(batch)
        on_progress(len(batch))
        before = batch[-1] if batch else None


@transaction.atomic(durable=True)  # nothing else is committed with it
def _sweep_batch(before: UUID | None, rows: int) -> list[UUID] | None:
    """Mark one batch and return its ids, newest first; None if there is nothing to do or another sweep is running.

    `before` skips the rows that the last batch marked.
    """
    revocation = Revocation.objects.to_sweep().first() if _try_lock() else None
    if revocation is None:
        return None
    commit_without_waiting()
    rows_to_mark = _rows_to_mark(revocation)
    ahead = rows_to_mark.filter(pk__lt=before) if before else rows_to_mark
    locked = ahead.select_for_update(of=("self",), skip_locked=True).newest_first()
    batch = list(locked.values_list("pk", flat=True)[:rows])
    if batch:
        mark_revoked(batch, revocation)
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=F("swept_count") + len(batch))
    elif (is_all := revocation.swept_count == revocation.revoked_count) or before is None:
        # Equal counts show that every row is marked, without another pass over the rows just marked.
        if not is_all and rows_to_mark.exists():
            return None
        Revocation.objects.filter(pk=revocation.pk).update(swept_at=Now())
    return batch


def sweep_tenant_before_move(tenant: Tenant) -> None:
    """Mark a tenant's rows for its partner's pending revocations, which find rows by their current partner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SWEEP_LOCK])
    unswept = list(Revocation.objects.to_sweep())
    for revocation in unswept if any(each.reach == RevocationScope.PARTNER for each in unswept) else []:
        swept = mark_revoked(
            list(_rows_to_mark(revocation).filter(tenant=tenant).values_list("pk", flat=True)), revocation
        )
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=F("swept_count") + swept)


def _rows_to_mark(revocation: Revocation) -> SessionQuerySet:
    return Session.objects.in_scope(RevocationScope(revocation.reach), revocation.target_id).filter(
        revoked_at=None,
        revision__lt=revocation.number,
        expires_at__gt=revocation.created_at,
        last_activity_at__gt=revocation.created_at - F("idle_limit"),
    )


def _try_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SWEEP_LOCK])
        return cursor.fetchone()[0]
