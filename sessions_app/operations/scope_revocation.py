"""Ending everything within a reach, by raising the floor under it."""

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
from sessions_app.models import Reach, Revocation, Session, SessionState, SessionStateQuerySet
from sessions_app.operations.expiry import expire_within
from sessions_app.operations.locks import lock_scope_exclusive, lock_shared, lock_users
from sessions_app.operations.revocation import (
    IDS_SHOWN,
    RevocationResult,
    mark_revoked,
    reassign_newest_flag,
    revocation_fields,
)
from sessions_app.reads import live_counts
from tenancy.models import Partner, Platform, Tenant
from tenancy.operations import next_revision

_FLOORS: dict[Reach, QuerySet[Any]] = {
    Reach.APPLICATION: Application.objects.all(),
    Reach.PARTNER: Partner.objects.all(),
    Reach.TENANT: Tenant.objects.all(),
    Reach.USER: User.objects.all(),
}


@transaction.atomic
def revoke_scope(
    reach: Reach,
    target_id: UUID | None,
    *,
    actor: Principal,
    reason: str,
    spare: UUID | None = None,
    shown: int = IDS_SHOWN,
) -> RevocationResult:
    """End every session within `reach`, and every sign-in under way there. `spare` names one to leave alive."""
    ended = end_all(reach, target_id, actor=actor, reason=reason, spare=spare, shown=shown)
    assert ended.revocation is not None  # noqa: S101 - a scope-wide act always has one
    record(
        Action.SESSIONS_REVOKED,
        actor=actor,
        resource=ended.revocation,
        changes={"reason": reason, "reach": reach, "revoked_count": ended.count},
    )
    return ended


@transaction.atomic
def bump_token_version(*, actor: Principal, reason: str) -> tuple[int, RevocationResult]:
    """Sign every administrator out, and say which version that makes: 20 at once make 20 versions."""
    ended = end_all(Reach.ADMINS, None, actor=actor, reason=reason, shown=0)
    version = Platform.objects.get().token_version  # nobody else's: the counter's lock is on this very row
    changes = {"reason": reason, "revoked_count": ended.count, "token_version": version}
    record(Action.ADMINS_SIGNED_OUT, actor=actor, resource=ended.revocation, changes=changes)
    return version, ended


def end_all(
    reach: Reach,
    target_id: UUID | None,
    *,
    actor: Principal,
    reason: str,
    spare: UUID | None = None,
    shown: int = IDS_SHOWN,
) -> RevocationResult:
    """Raise the floor under `reach`. For use inside an act that records itself, before that act locks anything.

    Openings and endings under way are waited for, and the next wait for this: what is counted here is what ends.
    """
    _hold(reach, target_id)
    number = next_revision()
    if reach is not Reach.USER:
        expire_within(SessionState.objects.within(reach, target_id), actor=Principal.system("expire_sessions"))
    if reach is Reach.USER:
        spared = _spare(reach, target_id, spare, number)
        ids = _of_user(target_id, spared)
        count, when = len(ids), {}
    else:
        count, moment = live_counts.live_count_and_moment(reach, target_id)
        spared = _spare(reach, target_id, spare, number)
        ids = _newest(reach, target_id, spared, shown, moment)
        count, when = count - len(spared), {"created_at": moment}  # what runs out a little later was ended by this
    revocation = Revocation.objects.create(
        number=number,
        reach=reach,
        target_id=target_id,
        **when,
        **_place(reach, target_id),
        **revocation_fields(actor, reason, count),
    )
    if reach is Reach.USER and ids:
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=mark_revoked(ids, revocation))
    _raise_floor(reach, target_id, number, is_bound=not spared and reach not in (Reach.USER, Reach.ADMINS))
    _crown(reach, target_id, spared)
    defer_sweep()
    return RevocationResult(count, ids[:shown], revocation)


def _hold(reach: Reach, target_id: UUID | None) -> None:
    if reach is Reach.USER and target_id is not None:
        lock_shared(User.objects.filter(pk=target_id).values_list("tenant_id", flat=True))
        lock_users([target_id])
        return
    if reach is Reach.APPLICATION:
        owner = Application.objects.filter(pk__in=[target_id], tenant__isnull=False).values_list("tenant_id", flat=True)
        if tenant_id := owner.first():  # nobody else's people sign in to it
            reach, target_id = Reach.TENANT, tenant_id
    lock_scope_exclusive(reach, target_id)


def _spare(reach: Reach, target_id: UUID | None, spare: UUID | None, number: int) -> list[UUID]:
    """Re-stamp the session to be left alive, if it is within reach and lives this very moment."""
    if spare is None:
        return []
    named = SessionState.objects.live().within(reach, target_id).filter(pk=spare)
    # Of one user's, the era stays what it was: the floors above the user do not move.
    stamp = {"revision": number} if reach is Reach.USER else {"revision": number, "era": number}
    return [spare] if Session.objects.filter(pk__in=named.values("pk")).update(**stamp) else []


def _of_user(user_id: UUID | None, spared: list[UUID]) -> list[UUID]:
    """All of a user's live sessions but the spared, newest first, and locked."""
    rows = Session.objects.filter(user=user_id, revoked_at=None).exclude(pk__in=spared)
    locked = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    live = SessionState.objects.filter(pk_in(locked)).live()
    return list(live.newest_first().values_list("pk", flat=True))


def _newest(reach: Reach, target_id: UUID | None, spared: list[UUID], shown: int, at: datetime) -> list[UUID]:
    if not shown:
        return []
    tenant_id = target_id if reach is Reach.TENANT else None
    partner_id = target_id if reach is Reach.PARTNER else None
    rows: SessionStateQuerySet = SessionState.objects.opened_since_last_scope_revocation(
        tenant_id=tenant_id, partner_id=partner_id
    )
    rows = rows.live_by_index(at=at).within(reach, target_id).exclude(pk__in=spared)
    return list(rows.newest_first().values_list("pk", flat=True)[:shown])


def _raise_floor(reach: Reach, target_id: UUID | None, number: int, *, is_bound: bool = False) -> None:
    """`is_bound`: nothing opened before this lives on, so lists need not look further back."""
    now = {"floor_raised_at": Now()} if is_bound else {}
    if reach is Reach.PLATFORM:
        raised = Platform.objects.update(min_revision=number, **now)
    elif reach is Reach.ADMINS:
        raised = Platform.objects.update(admin_min_revision=number, token_version=F("token_version") + 1)
    else:
        now = now if reach is not Reach.APPLICATION else {}
        raised = _FLOORS[reach].filter(pk=target_id).update(min_revision=number, **now)
    if not raised:
        raise LookupError(f"there is no {reach} {target_id}")


def _crown(reach: Reach, target_id: UUID | None, spared: list[UUID]) -> None:
    """A user's newest session may have fallen while an older one stands: the spared, or one of another application."""
    if reach is Reach.APPLICATION:
        reassign_newest_flag(Session.objects.filter(application=target_id, revoked_at=None, is_newest=True))
    elif spared:
        theirs = Session.objects.filter(user=Subquery(Session.objects.filter(pk__in=spared).values("user")))
        theirs.filter(is_newest=True).exclude(pk__in=spared).update(is_newest=False)
        Session.objects.filter(pk__in=spared).update(is_newest=True)


def _place(reach: Reach, target_id: UUID | None) -> dict[str, UUID | None]:
    """Whose the revocation is, for those who may read of it."""
    if target_id is None:
        return {}
    match reach:
        case Reach.PARTNER:
            return {"partner_id": target_id}
        case Reach.TENANT:
            return {"tenant_id": target_id, "partner_id": Tenant.objects.get(pk=target_id).partner_id}
        case Reach.APPLICATION:
            application = Application.objects.select_related("tenant").get(pk=target_id)
            partner_id = application.tenant.partner_id if application.tenant else application.partner_id
            return {"tenant_id": application.tenant_id, "partner_id": partner_id}
        case Reach.USER:
            user = User.objects.select_related("tenant").get(pk=target_id)
            return {"tenant_id": user.tenant_id, "partner_id": user.tenant.partner_id}
        case _:
            return {}


def defer_sweep() -> None:
    """Queued in this transaction: the job exists if and only if the revocation does."""
    app.configure_task("sweep_revocations").defer()
