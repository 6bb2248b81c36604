"""Revoke every session in a scope, by raising the scope's floor: the lowest revision that is still valid in it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, Subquery
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from accounts.models import Application, User
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.lookups import pk_in
from sessions_app.models import Revocation, RevocationScope, Session, SessionState, SessionStateQuerySet
from sessions_app.operations.expiry import expire_within
from sessions_app.operations.locks import lock_scope_exclusive, lock_shared, lock_users
from sessions_app.operations.revocation import (
    MAX_IDS,
    RevocationResult,
    mark_revoked,
    reassign_newest_flag,
    revocation_fields,
)
from sessions_app.reads import live_counts
from tenancy.models import Partner, Platform, Tenant
from tenancy.operations import next_revision

_FLOORS: dict[RevocationScope, QuerySet[Any]] = {
    RevocationScope.APPLICATION: Application.objects.all(),
    RevocationScope.PARTNER: Partner.objects.all(),
    RevocationScope.TENANT: Tenant.objects.all(),
    RevocationScope.USER: User.objects.all(),
}


@transaction.atomic
def revoke_scope(
    scope: RevocationScope,
    target_id: UUID | None,
    *,
    actor: Principal,
    reason: str,
    except_session_id: UUID | None = None,
    max_ids: int = MAX_IDS,
) -> RevocationResult:
    """Revoke every session in a scope, and every sign-in in progress there, except `except_session_id`.

    The result lists at most `max_ids` ids, the newest ones.
    """
    result = revoke_scope_unaudited(
        scope, target_id, actor=actor, reason=reason, except_session_id=except_session_id, max_ids=max_ids
    )
    assert result.revocation is not None  # noqa: S101 - revoking a scope always creates one
    record(
        Action.SESSIONS_REVOKED,
        actor=actor,
        resource=result.revocation,
        changes={"reason": reason, "reach": scope, "revoked_count": result.count},
    )
    return result


@transaction.atomic
def bump_token_version(*, actor: Principal, reason: str) -> tuple[int, RevocationResult]:
    """Sign every administrator out, and return the new token version. 20 calls at once make 20 versions."""
    result = revoke_scope_unaudited(RevocationScope.ADMINS, None, actor=actor, reason=reason, max_ids=0)
    version = Platform.objects.get().token_version  # no other call's: this row is locked
    changes = {"reason": reason, "revoked_count": result.count, "token_version": version}
    record(Action.ADMINS_SIGNED_OUT, actor=actor, resource=result.revocation, changes=changes)
    return version, result


def revoke_scope_unaudited(
    scope: RevocationScope,
    target_id: UUID | None,
    *,
    actor: Principal,
    reason: str,
    except_session_id: UUID | None = None,
    max_ids: int = MAX_IDS,
) -> RevocationResult:
    """Revoke every session in a scope, without an audit entry.

    For operations that write their own entry, and before they lock anything else. Sign-ins and revocations in
    progress finish first and new ones wait, so the count is exact.
    """
    _lock(scope, target_id)
    number = next_revision()
    if scope is not RevocationScope.USER:
        expire_within(SessionState.objects.in_scope(scope, target_id), actor=Principal.system("expire_sessions"))
    if scope is RevocationScope.USER:
        kept = _keep(scope, target_id, except_session_id, number)
        ids = _live_ids_of_user(target_id, kept)
        count, when = len(ids), {}
    else:
        count, moment = live_counts.live_count_and_moment(scope, target_id)
        kept = _keep(scope, target_id, except_session_id, number)
        ids = _newest_live_ids(scope, target_id, kept, max_ids, moment)
        count, when = count - len(kept), {"created_at": moment}  # sessions that time out after it count as revoked
    revocation = Revocation.objects.create(
        number=number,
        reach=scope,
        target_id=target_id,
        **when,
        **_owner_ids(scope, target_id),
        **revocation_fields(actor, reason, count),
    )
    if scope is RevocationScope.USER and ids:
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=mark_revoked(ids, revocation))
    _raise_floor(
        scope,
        target_id,
        number,
        moves_list_bound=not kept and scope not in (RevocationScope.USER, RevocationScope.ADMINS),
    )
    _move_newest_flags(scope, target_id, kept)
    defer_sweep()
    return RevocationResult(count, ids[:max_ids], revocation)


def _lock(scope: RevocationScope, target_id: UUID | None) -> None:
    if scope is RevocationScope.USER and target_id is not None:
        lock_shared(User.objects.filter(pk=target_id).values_list("tenant_id", flat=True))
        lock_users([target_id])
        return
    if scope is RevocationScope.APPLICATION:
        owner = Application.objects.filter(pk__in=[target_id], tenant__isnull=False).values_list("tenant_id", flat=True)
        if tenant_id := owner.first():  # only this tenant's users sign in to it
            scope, target_id = RevocationScope.TENANT, tenant_id
    lock_scope_exclusive(scope, target_id)


def _keep(scope: RevocationScope, target_id: UUID | None, except_session_id: UUID | None, number: int) -> list[UUID]:
    """Lift the excepted session above the new floor, if it is in the scope and live at this moment."""
    if except_session_id is None:
        return []
    live = SessionState.objects.live().in_scope(scope, target_id).filter(pk=except_session_id)
    # A user's floor is not part of the era, so that stays as it is.
    stamp = {"revision": number} if scope is RevocationScope.USER else {"revision": number, "era": number}
    return [except_session_id] if Session.objects.filter(pk__in=live.values("pk")).update(**stamp) else []


def _live_ids_of_user(user_id: UUID | None, kept: list[UUID]) -> list[UUID]:
    """Lock a user's live sessions, and return their ids, newest first."""
    rows = Session.objects.filter(user=user_id, revoked_at=None).exclude(pk__in=kept)
    locked = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    live = SessionState.objects.filter(pk_in(locked)).live()
    return list(live.newest_first().values_list("pk", flat=True))


def _newest_live_ids(
    scope: RevocationScope, target_id: UUID | None, kept: list[UUID], max_ids: int, at: datetime
) -> list[UUID]:
    if not max_ids:
        return []
    tenant_id = target_id if scope is RevocationScope.TENANT else None
    partner_id = target_id if scope is RevocationScope.PARTNER else None
    rows: SessionStateQuerySet = SessionState.objects.opened_since_last_scope_revocation(
        tenant_id=tenant_id, partner_id=partner_id
    )
    rows = rows.live_by_index(at=at).in_scope(scope, target_id).exclude(pk__in=kept)
    return list(rows.newest_first().values_list("pk", flat=True)[:max_ids])


def _raise_floor(
    scope: RevocationScope, target_id: UUID | None, number: int, *, moves_list_bound: bool = False
) -> None:
    """Require at least revision `number` in a scope.

    With `moves_list_bound` no older session stays live, so lists need not look further back than now.
    """
    now = {"floor_raised_at": Now()} if moves_list_bound else {}
    if scope is RevocationScope.PLATFORM:
        raised = Platform.objects.update(min_revision=number, **now)
    elif scope is RevocationScope.ADMINS:
        raised = Platform.objects.update(admin_min_revision=number, token_version=F("token_version") + 1)
    else:
        now = now if scope is not RevocationScope.APPLICATION else {}
        raised = _FLOORS[scope].filter(pk=target_id).update(min_revision=number, **now)
    if not raised:
        raise LookupError(f"there is no {scope} {target_id}")


def _move_newest_flags(scope: RevocationScope, target_id: UUID | None, kept: list[UUID]) -> None:
    """Move `is_newest` where a user keeps an older session: the excepted one, or one of another application."""
    if scope is RevocationScope.APPLICATION:
        reassign_newest_flag(Session.objects.filter(application=target_id, revoked_at=None, is_newest=True))
    elif kept:
        of_user = Session.objects.filter(user=Subquery(Session.objects.filter(pk__in=kept).values("user")))
        of_user.filter(is_newest=True).exclude(pk__in=kept).update(is_newest=False)
        Session.objects.filter(pk__in=kept).update(is_newest=True)


def _owner_ids(scope: RevocationScope, target_id: UUID | None) -> dict[str, UUID | None]:
    """Return the tenant and the partner that own a revocation, which decide who may see it."""
    if target_id is None:
        return {}
    match scope:
        case RevocationScope.PARTNER:
            return {"partner_id": target_id}
        case RevocationScope.TENANT:
            return {"tenant_id": target_id, "partner_id": Tenant.objects.get(pk=target_id).partner_id}
        case RevocationScope.APPLICATION:
            application = Application.objects.select_related("tenant").get(pk=target_id)
            partner_id = application.tenant.partner_id if application.tenant else application.partner_id
            return {"tenant_id": application.tenant_id, "partner_id": partner_id}
        case RevocationScope.USER:
            user = User.objects.select_related("tenant").get(pk=target_id)
            return {"tenant_id": user.tenant_id, "partner_id": user.tenant.partner_id}
        case _:
            return {}


def defer_sweep() -> None:
    """Queue the sweep in this transaction, so that the job exists if and only if the revocation does."""
    app.configure_task("sweep_revocations").defer()
