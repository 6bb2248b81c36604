"""Writing scope-wide revocations down on the rows they ended. Nothing waits for it: the floors decided already."""

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from sessions_app.models import Reach, Revocation, Session
from sessions_app.operations.revoking import mark

BATCH = 2_000
_SWEEP_LOCK = 0x73776570  # any number that nothing else locks


def sweep() -> int:
    """Sweep what is unswept, oldest first, so that each row names the revocation that really ended it.

    Every batch is a transaction of its own: killed at any moment, the next run carries on.
    """
    total = 0
    while (swept := _sweep_batch()) is not None:
        total += swept
    return total


@transaction.atomic
def _sweep_batch() -> int | None:
    """How many rows were marked; None when there is nothing to do, or others are at it and come first."""
    revocation = Revocation.objects.filter(swept_at=None).order_by("number").first() if _alone() else None
    if revocation is None:
        return None
    doomed = Session.objects.within(Reach(revocation.reach), revocation.target_id).filter(
        revoked_at=None,
        revision__lt=revocation.number,
        expires_at__gt=revocation.created_at,
        last_activity_at__gt=revocation.created_at - F("idle_limit"),
    )
    batch = list(doomed.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:BATCH])
    if batch:
        mark(batch, revocation)
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=F("swept_count") + len(batch))
    elif doomed.exists():
        return None
    else:
        Revocation.objects.filter(pk=revocation.pk).update(swept_at=Now())
    return len(batch)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SWEEP_LOCK])
        return cursor.fetchone()[0]
