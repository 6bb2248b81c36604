"""Locks for sign-ins and revocations.

Single sign-ins and revocations take a shared lock; a scope-wide revocation takes it exclusively, so its count is
exact. The order is always: these locks, users, the platform row, sessions, the end of the audit log.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from accounts.models import User
from core.lookups import pk_in
from sessions_app.models import RevocationScope, Session, SessionQuerySet, SessionStateQuerySet

_ALL_TENANTS = 0x637572666577  # no tenant has this key: the variant bits of their UUIDs are set
_TENANT_KEY_BITS = (1 << 63) - 1


def lock_shared(tenant_ids: Iterable[UUID]) -> None:
    """Take the lock for signing in to these tenants, or for revoking some of their sessions."""
    _lock("pg_advisory_xact_lock_shared", [_ALL_TENANTS, *sorted(map(_key, set(tenant_ids)))])


def lock_scope_exclusive(scope: RevocationScope, target_id: UUID | None) -> None:
    """Take the lock for revoking every session in a scope that is wider than one user."""
    if scope is RevocationScope.TENANT and target_id is not None:
        _lock("pg_advisory_xact_lock_shared", [_ALL_TENANTS])
        _lock("pg_advisory_xact_lock", [_key(target_id)])
    else:
        _lock("pg_advisory_xact_lock", [_ALL_TENANTS])


def lock_sessions_with_users(session_ids: list[UUID]) -> list[UUID]:
    """Lock sessions and their users, always in the same order, and return the ids that exist."""
    return list(locked(Session.objects.filter(pk__in=session_ids)).values_list("pk", flat=True))


def locked(sessions: SessionQuerySet | SessionStateQuerySet) -> SessionQuerySet:
    """Lock the users of these sessions now, and the sessions when the result is read.

    The filters of `sessions` are applied again by then: a role or a tenant, and with it who may revoke what, may
    have changed while this waited for the users' locks.
    """
    rows = list(Session.objects.filter(pk_in(sessions.values("pk"))).values_list("pk", "tenant_id", "user_id"))
    lock_shared(tenant_id for _, tenant_id, _ in rows)
    lock_users(user_id for _, _, user_id in rows)
    still = Session.objects.filter(pk_in(sessions.values("pk")), pk__in=[pk for pk, _, _ in rows])
    return still.select_for_update(of=("self",)).order_by("pk")


def lock_users(user_ids: Iterable[UUID]) -> None:
    """Lock users, so that sign-ins and revocations of one user happen one after the other."""
    list(User.objects.select_for_update(no_key=True).filter(pk__in=set(user_ids)).order_by("pk").values_list("pk"))


def _key(tenant_id: UUID) -> int:
    return tenant_id.int & _TENANT_KEY_BITS


def _lock(function: str, keys: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(key) FROM unnest(%s::bigint[]) AS key", [keys])  # noqa: S608 - ours
