"""What the clock ends is over at that very moment; here it is written down, and in the end thrown away."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Q
from django.db.models.functions import Now

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.ids import NIL_ID
from core.lookups import pk_in as among_these
from sessions_app.models import Revocation, Session, SessionQuerySet, SessionState, SessionStateQuerySet
from sessions_app.models.expressions import max_id_at, opened_as_admin, times_out_at
from sessions_app.operations.batches import BatchSize, commit_without_waiting
from sessions_app.operations.locks import lock_sessions_with_users
from sessions_app.operations.revocation import mark_expired
from sessions_app.operations.session_policy import tighten_administrators
from tenancy.models import Tenant

BATCH = 2_000
PURGED_AT_ONCE = 10_000  # rows, at most


def expire(*, actor: Principal) -> int:
    """Mark what ran out by itself, each tenant's in a transaction of its own; how many there were."""
    tighten_administrators()
    return sum(_expire_some(ids, tenant_id, actor) for tenant_id, ids in _due())


def _due() -> Iterator[tuple[UUID, list[UUID]]]:
    """Batches of due sessions, tenant by tenant. Whatever turns out to be none yet is put off, so this comes to an end.

    A session under a floor is left to the sweep while there is one to come: it says who ended it.
    """
    to_sweep = Exists(Revocation.objects.to_sweep().order_by())
    while True:
        due = SessionState.objects.filter(Q(is_below_floor=False) | ~to_sweep, revoked_at=None, due_at__lte=Now())
        batch = list(due.order_by("due_at").values_list("tenant_id", "pk")[:BATCH])
        by_tenant: dict[UUID, list[UUID]] = defaultdict(list)
        for tenant_id, pk in batch:
            by_tenant[tenant_id].append(pk)
        yield from by_tenant.items()
        if len(batch) < BATCH:
            return


def expire_within(sessions: SessionStateQuerySet, *, actor: Principal) -> None:
    """Before a floor covers them: so that nobody takes for revoked what had run out before. There are few, or the
    worker is away, and then it is not this act's to do its work."""
    by_tenant: dict[UUID, list[UUID]] = defaultdict(list)
    for tenant_id, pk in sessions.not_revoked().timed_out().values_list("tenant_id", "pk")[: BATCH + 1]:
        by_tenant[tenant_id].append(pk)
    if sum(map(len, by_tenant.values())) <= BATCH:
        # Whoever writes in a tenant locks it and then the end of its record; so must this, which comes to the record.
        list(Tenant.objects.select_for_update(no_key=True).filter(pk__in=by_tenant).order_by("pk"))
        for tenant_id, ids in by_tenant.items():
            _expire_some(ids, tenant_id, actor)


@transaction.atomic
def _expire_some(session_ids: list[UUID], tenant_id: UUID, actor: Principal) -> int:
    due = lock_sessions_with_users(session_ids)
    over = list(SessionState.objects.filter(among_these(due)).timed_out().values_list("pk", flat=True))
    Session.objects.filter(among_these(due), revoked_at=None).exclude(pk__in=over).update(due_at=times_out_at())
    if not over:
        return 0
    mark_expired(over, by=actor.id)
    partner_id = Session.objects.values_list("partner_id", flat=True).get(pk=over[0])
    changes = {"expired_count": len(over)}
    record(Action.SESSIONS_EXPIRED, actor=actor, tenant_id=tenant_id, partner_id=partner_id, changes=changes)
    return len(over)


def purge(
    older_than: timedelta, *, actor: Principal, among: Q | None = None, told: Callable[[int], object] = int
) -> int:
    """Delete sessions that have been over for longer than that, batch by batch; how many there were."""
    total, last, size = 0, NIL_ID, BatchSize(most=PURGED_AT_ONCE)
    while True:
        with size.timed() as rows:
            purged, last = _purge_some(older_than, among or Q(), last, rows, actor)
        if not purged:
            return total
        total += purged
        told(purged)


def purge_administrators(*, actor: Principal) -> int:
    """Delete administrators' sessions whose lifetime has been over for ADMIN_SESSION_RETENTION_DAYS, whatever ended
    them. What has run out is written down first: there may be no worker that does."""
    expire(actor=Principal.system("expire_sessions"))
    kept = timedelta(days=settings.ADMIN_SESSION_RETENTION_DAYS)
    over = Q(is_expired=True) | Q(expires_at__lt=Now() - kept)
    return purge(kept, actor=actor, among=opened_as_admin() & over)


def to_purge(older_than: timedelta) -> SessionQuerySet:
    """What ended long ago was opened before that: the rows that came later need no look."""
    return Session.objects.filter(revoked_at__lt=Now() - older_than, pk__lt=max_id_at(Now() - older_than))


@transaction.atomic(durable=True)  # nothing else is committed with it
def _purge_some(older_than: timedelta, among: Q, last: UUID, most: int, actor: Principal) -> tuple[int, UUID]:
    """From the oldest session on: how many, and the last of them. What goes is on record as it goes."""
    commit_without_waiting()
    old = (
        to_purge(older_than).filter(among, pk__gt=last).order_by("pk").select_for_update(of=("self",), skip_locked=True)
    )
    chosen, values = old.values("id")[:most].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH old AS MATERIALIZED ({chosen}), reached AS"  # noqa: S608 - Django's own SQL
            " (DELETE FROM sessions_app_sessionapplication USING old WHERE session_id = old.id), gone AS"
            " (DELETE FROM sessions_app_session session USING old WHERE session.id = old.id RETURNING session.id)"
            " SELECT count(*), (SELECT id FROM old ORDER BY id DESC LIMIT 1) FROM gone",
            values,
        )
        count, last = cursor.fetchone()
    if count:
        changes = {"purged_count": count, "older_than_seconds": int(older_than.total_seconds())}
        record(Action.SESSIONS_PURGED, actor=actor, changes=changes)
    return count, last
