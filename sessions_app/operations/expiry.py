"""Mark sessions that have timed out, and delete sessions that ended long ago.

A session is over at the moment it times out, whether its row has been marked or not.
"""

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
from core.lookups import pk_in
from sessions_app.models import Revocation, Session, SessionQuerySet, SessionState, SessionStateQuerySet
from sessions_app.models.expressions import max_id_at, opened_as_admin, times_out_at
from sessions_app.operations.batch_size import BatchSize, commit_without_waiting
from sessions_app.operations.locks import lock_sessions_with_users
from sessions_app.operations.revocation import mark_expired
from sessions_app.operations.session_policy import apply_admin_lifetime
from tenancy.models import Tenant

BATCH = 2_000
PURGED_AT_ONCE = 10_000  # rows, at most


def expire(*, actor: Principal) -> int:
    """Mark timed-out sessions, each tenant's in a transaction of its own, and return how many there were."""
    apply_admin_lifetime()
    return sum(_expire_some(ids, tenant_id, actor) for tenant_id, ids in _due())


def _due() -> Iterator[tuple[UUID, list[UUID]]]:
    """Yield batches of due sessions, tenant by tenant. A session that is not due yet is postponed, so this ends.

    Sessions below a floor are left to a pending sweep, which knows who revoked them.
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
    """Mark timed-out sessions before a floor is raised, so that they do not count as revoked by it.

    There are few of them, unless the worker is down; then they are left to it.
    """
    by_tenant: dict[UUID, list[UUID]] = defaultdict(list)
    for tenant_id, pk in sessions.not_revoked().timed_out().values_list("tenant_id", "pk")[: BATCH + 1]:
        by_tenant[tenant_id].append(pk)
    if sum(map(len, by_tenant.values())) <= BATCH:
        # Other writers lock the tenant before the end of its audit log. Any other order could deadlock.
        list(Tenant.objects.select_for_update(no_key=True).filter(pk__in=by_tenant).order_by("pk"))
        for tenant_id, ids in by_tenant.items():
            _expire_some(ids, tenant_id, actor)


@transaction.atomic
def _expire_some(session_ids: list[UUID], tenant_id: UUID, actor: Principal) -> int:
    due = lock_sessions_with_users(session_ids)
    expired = list(SessionState.objects.filter(pk_in(due)).timed_out().values_list("pk", flat=True))
    Session.objects.filter(pk_in(due), revoked_at=None).exclude(pk__in=expired).update(due_at=times_out_at())
    if not expired:
        return 0
    mark_expired(expired, by=actor.id)
    partner_id = Session.objects.values_list("partner_id", flat=True).get(pk=expired[0])
    changes = {"expired_count": len(expired)}
    record(Action.SESSIONS_EXPIRED, actor=actor, tenant_id=tenant_id, partner_id=partner_id, changes=changes)
    return len(expired)


def purge(
    older_than: timedelta, *, actor: Principal, condition: Q | None = None, on_progress: Callable[[int], object] = int
) -> int:
    """Delete sessions that ended longer ago than `older_than`, in batches, and return how many there were."""
    total, last, size = 0, NIL_ID, BatchSize(most=PURGED_AT_ONCE)
    while True:
        with size.timed() as rows:
            purged, last = _purge_some(older_than, condition or Q(), last, rows, actor)
        if not purged:
            return total
        total += purged
        on_progress(purged)


def purge_administrators(*, actor: Principal) -> int:
    """Delete administrators' sessions whose lifetime ended more than ADMIN_SESSION_RETENTION_DAYS ago.

    Timed-out sessions are marked first, since there may be no worker that does it.
    """
    expire(actor=Principal.system("expire_sessions"))
    retention = timedelta(days=settings.ADMIN_SESSION_RETENTION_DAYS)
    expired = Q(is_expired=True) | Q(expires_at__lt=Now() - retention)
    return purge(retention, actor=actor, condition=opened_as_admin() & expired)


def to_purge(older_than: timedelta) -> SessionQuerySet:
    """Return the sessions that ended longer ago than `older_than`. The bound on the id skips all newer rows."""
    return Session.objects.filter(revoked_at__lt=Now() - older_than, pk__lt=max_id_at(Now() - older_than))


@transaction.atomic(durable=True)  # nothing else is committed with it
def _purge_some(older_than: timedelta, condition: Q, last: UUID, most: int, actor: Principal) -> tuple[int, UUID]:
    """Delete one batch, oldest first, with an audit entry, and return how many there were and the last id."""
    commit_without_waiting()
    old = (
        to_purge(older_than)
        .filter(condition, pk__gt=last)
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)
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
