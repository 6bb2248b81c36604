"""Who waits for whom. Openings and endings go on side by side; what ends a whole scope waits for those under way,
and lets the next begin when it is done: so whatever it counted is what it ended.

Always in this order: these locks, users, the platform's counter, sessions, the audit's chain.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from accounts.models import User
from core.lookups import pk_in
from sessions_app.models import Reach, Session, SessionQuerySet, SessionStateQuerySet

_EVERYTHING = 0x637572666577  # no tenant's: theirs have a UUID's variant bits in them
_OF_ONE_TENANT = (1 << 63) - 1


def lock_shared(tenant_ids: Iterable[UUID]) -> None:
    """For opening or ending some sessions of these tenants."""
    _lock("pg_advisory_xact_lock_shared", [_EVERYTHING, *sorted(map(_key, set(tenant_ids)))])


def lock_scope_exclusive(reach: Reach, target_id: UUID | None) -> None:
    """For ending all there are within a reach wider than one user's."""
    if reach is Reach.TENANT and target_id is not None:
        _lock("pg_advisory_xact_lock_shared", [_EVERYTHING])
        _lock("pg_advisory_xact_lock", [_key(target_id)])
    else:
        _lock("pg_advisory_xact_lock", [_EVERYTHING])


def lock_sessions_with_users(session_ids: list[UUID]) -> list[UUID]:
    """Lock these sessions and whose they are, in one order for everybody; and say which there are."""
    return list(locked(Session.objects.filter(pk__in=session_ids)).values_list("pk", flat=True))


def locked(sessions: SessionQuerySet | SessionStateQuerySet) -> SessionQuerySet:
    """Lock the users of these sessions now, and the sessions when the result is read.

    The result holds those that are among `sessions` by then: a role or a tenant may have changed while the users'
    locks were waited for, and with it who may end what.
    """
    rows = list(Session.objects.filter(pk_in(sessions.values("pk"))).values_list("pk", "tenant_id", "user_id"))
    lock_shared(tenant_id for _, tenant_id, _ in rows)
    lock_users(user_id for _, _, user_id in rows)
    still = Session.objects.filter(pk_in(sessions.values("pk")), pk__in=[pk for pk, _, _ in rows])
    return still.select_for_update(of=("self",)).order_by("pk")


def lock_users(user_ids: Iterable[UUID]) -> None:
    """Whoever opens or ends sessions of a user does so one after the other."""
    list(User.objects.select_for_update(no_key=True).filter(pk__in=set(user_ids)).order_by("pk").values_list("pk"))


def _key(tenant_id: UUID) -> int:
    return tenant_id.int & _OF_ONE_TENANT


def _lock(function: str, keys: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(key) FROM unnest(%s::bigint[]) AS key", [keys])  # noqa: S608 - ours
