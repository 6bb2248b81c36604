"""Ending sessions: some by name, or everything within a reach by raising its floor."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from accounts.models import Application, User
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from sessions_app.models import Reach, Revocation, Session, SessionQuerySet
from tenancy.models import Partner, Platform, Tenant
from tenancy.operations import next_revision

IDS_SHOWN = 10_000
_FLOORS: dict[Reach, QuerySet[Any]] = {
    Reach.APPLICATION: Application.objects.all(),
    Reach.PARTNER: Partner.objects.all(),
    Reach.TENANT: Tenant.objects.all(),
    Reach.USER: User.objects.all(),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """What an act of revocation ended. The count is exact; the ids are the newest ones when there are very many."""

    count: int = 0
    session_ids: list[UUID] = field(default_factory=list)
    revocation: Revocation | None = None

    @property
    def is_truncated(self) -> bool:
        return self.count > len(self.session_ids)


@transaction.atomic
def revoke(sessions: SessionQuerySet, *, actor: Principal, reason: str) -> Ended:
    """End these sessions. Ending an ended one changes nothing and is not counted."""
    named = list(sessions.select_for_update(of=("self",)).order_by("pk"))
    ended = end([session.pk for session in named], actor=actor, reason=reason)
    record(
        Action.SESSION_REVOKED,
        actor=actor,
        resource=named[0] if len(named) == 1 else None,
        tenant_id=named[0].tenant_id if named else None,
        partner_id=named[0].partner_id if named else None,
        changes={"reason": reason, "revoked_count": ended.count, "sessions": [each.handle for each in named]},
    )
    return ended


@transaction.atomic
def sign_out(session_id: UUID, *, actor: Principal) -> None:
    session = Session.objects.get(pk=session_id)
    end([session.pk], actor=actor, reason="signed out")
    record(Action.SIGNED_OUT, actor=actor, resource=session)


@transaction.atomic
def revoke_scope(
    reach: Reach, target_id: UUID | None, *, actor: Principal, reason: str, spare: UUID | None = None
) -> Ended:
    """End every session within `reach`, and every sign-in under way there. `spare` names one to leave alive."""
    ended = end_all(reach, target_id, actor=actor, reason=reason, spare=spare)
    assert ended.revocation is not None  # noqa: S101 - a scope-wide act always has one
    record(
        Action.SESSIONS_REVOKED,
        actor=actor,
        resource=ended.revocation,
        changes={"reason": reason, "reach": reach, "revoked_count": ended.count},
    )
    return ended


def end(session_ids: list[UUID], *, actor: Principal, reason: str) -> Ended:
    """Mark these rows ended; counted are those that were live. For use inside an act that records itself.

    One that merely rests, idle or under something suspended, is marked too: else it could come back.
    """
    named = Session.objects.filter(pk__in=session_ids).select_for_update(of=("self",)).order_by("pk")
    rows = list(named.unended().values_list("pk", "tenant_id", "partner_id"))
    if not rows:
        return Ended()
    marked = [pk for pk, _, _ in rows]
    live = list(Session.objects.live().filter(pk__in=marked).values_list("pk", flat=True))
    revocation = Revocation.objects.create(
        reach=Reach.SESSION,
        target_id=marked[0] if len(marked) == 1 else None,
        tenant_id=rows[0][1],
        partner_id=rows[0][2],
        **_by(actor, reason, len(live)),
        swept_count=len(marked),
        swept_at=Now(),
    )
    mark(marked, revocation)
    return Ended(len(live), live, revocation)


def end_all(reach: Reach, target_id: UUID | None, *, actor: Principal, reason: str, spare: UUID | None = None) -> Ended:
    """Raise the floor under `reach`. For use inside an act that records itself.

    The counter's row is locked first and until commit, so nobody else's floor moves meanwhile: what is counted
    here is what ends, and a spared session is re-stamped only if it is live this very moment.
    """
    number = next_revision()
    doomed = Session.objects.live().within(reach, target_id).filter(revision__lt=number)
    if spare is not None:
        doomed = doomed.exclude(pk=spare)
    if reach is Reach.USER:
        # Waits for sign-ins and endings under way, so that what is counted is exactly what this act ends.
        User.objects.select_for_update(no_key=True).filter(pk__in=[target_id]).get()
        list(doomed.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    ids = list(doomed.newest_first().values_list("pk", flat=True)[: IDS_SHOWN + 1])
    count = len(ids) if len(ids) <= IDS_SHOWN else doomed.count()
    if spare is not None:
        Session.objects.live().filter(pk=spare).update(revision=number)
    revocation = Revocation.objects.create(
        number=number, reach=reach, target_id=target_id, **_place(reach, target_id), **_by(actor, reason, count)
    )
    _raise_floor(reach, target_id, number)
    if reach is Reach.USER:
        marked = mark(ids, revocation)
        Revocation.objects.filter(pk=revocation.pk).update(swept_count=marked)
    defer_sweep()
    return Ended(count, ids[:IDS_SHOWN], revocation)


def mark(session_ids: list[UUID], revocation: Revocation) -> int:
    return Session.objects.filter(pk__in=session_ids, revoked_at=None).update(
        revoked_at=revocation.created_at,
        revoked_by=revocation.actor_id,
        revoke_reason=revocation.reason,
        revocation=revocation,
    )


def _raise_floor(reach: Reach, target_id: UUID | None, number: int) -> None:
    if reach is Reach.PLATFORM:
        raised = Platform.objects.update(min_revision=number)
    elif reach is Reach.ADMINS:
        raised = Platform.objects.update(admin_min_revision=number)
    else:
        raised = _FLOORS[reach].filter(pk=target_id).update(min_revision=number)
    if not raised:
        raise LookupError(f"there is no {reach} {target_id}")


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


def _by(actor: Principal, reason: str, count: int) -> dict[str, Any]:
    return {"actor_id": actor.id, "actor_label": actor.label, "reason": reason, "revoked_count": count}


def defer_sweep() -> None:
    """Queued in this transaction: the job exists if and only if the revocation does."""
    app.configure_task("sweep_revocations").defer()
