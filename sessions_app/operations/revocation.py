"""Ending sessions by name: the rows say so at once."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, CharField, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Now

from accounts.models import User
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.lookups import pk_in
from sessions_app.models import Reach, Revocation, Session, SessionQuerySet, SessionState, SessionStateQuerySet
from sessions_app.models.expressions import times_out_at
from sessions_app.operations.locks import lock_sessions_with_users, locked
from tenancy.models import Tenant

IDS_SHOWN = 10_000
EXPIRED, IDLE = "expired", "idle"
EXPIRER_ID = Principal.system("expire_sessions").id
REASON_EVICTED = "session limit reached, replaced by a newer session"
REASON_BY_ADMIN, REASON_BY_USER = "revoked by an administrator", "signed out by the user"


@dataclass(frozen=True, slots=True)
class RevocationResult:
    """What an act of revocation ended. The count is exact; the ids are the newest ones when there are very many."""

    count: int = 0
    session_ids: list[UUID] = field(default_factory=list)
    revocation: Revocation | None = None

    @property
    def is_truncated(self) -> bool:
        return self.count > len(self.session_ids)


@transaction.atomic
def revoke(
    sessions: SessionQuerySet | SessionStateQuerySet, *, actor: Principal, reason: str, tenant_id: UUID | None = None
) -> RevocationResult:
    """End these sessions. Ending an ended one changes nothing and is not counted.

    What `sessions` says of rights is judged again when they are locked. `tenant_id` is on whose record it goes when
    they turn out to be none.
    """
    named = list(locked(sessions))
    whose: Any = named[0] if named else Tenant.objects.filter(pk__in=[tenant_id]).first()
    ended = _end_locked([session.pk for session in named], actor=actor, reason=reason)
    record(
        Action.SESSION_REVOKED,
        actor=actor,
        resource=named[0] if len(named) == 1 else None,
        tenant_id=whose.tenant_id if named else tenant_id,
        partner_id=whose.partner_id if whose else None,
        changes={"reason": reason, "revoked_count": ended.count, "sessions": [each.handle for each in named]},
    )
    return ended


@transaction.atomic
def sign_out(session_id: UUID, *, actor: Principal) -> None:
    session = Session.objects.get(pk=session_id)
    revoke_rows([session.pk], actor=actor, reason="signed out")
    record(Action.SIGNED_OUT, actor=actor, resource=session)


def end_oldest(user_id: UUID, count: int, *, actor: Principal) -> None:
    """Make room for a new session, within the act that opens it."""
    oldest = SessionState.objects.live().for_user(user_id).order_by("pk")
    revoke(
        Session.objects.filter(pk__in=list(oldest.values_list("pk", flat=True)[:count])),
        actor=actor,
        reason=REASON_EVICTED,
    )


def revoke_rows(
    session_ids: list[UUID], *, actor: Principal, reason: str, revocation: Revocation | None = None
) -> RevocationResult:
    """Mark these rows ended; counted are those that were live. For use inside an act that records itself.

    One that merely rests under something suspended is marked too: else it could come back. One that has gone idle
    was ended by the clock, and that is what is written down.
    A `revocation` that is given grows by what is ended here: a long act may go on in many transactions.
    """
    return _end_locked(lock_sessions_with_users(session_ids), actor=actor, reason=reason, revocation=revocation)


def _end_locked(
    session_ids: list[UUID], *, actor: Principal, reason: str, revocation: Revocation | None = None
) -> RevocationResult:
    named = SessionState.objects.filter(pk__in=session_ids).revocable().order_by("pk")
    # What has timed out and what is live is told by one look: the next would be at a later moment.
    found = list(named.values("pk", "tenant_id", "partner_id", "has_timed_out", "is_live"))
    mark_expired([row["pk"] for row in found if row["has_timed_out"]], by=EXPIRER_ID)
    rows = [row for row in found if not row["has_timed_out"]]
    if not rows:
        return RevocationResult()
    marked = [row["pk"] for row in rows]
    live = [row["pk"] for row in reversed(rows) if row["is_live"]]
    if revocation is None:
        revocation = Revocation.objects.create(
            reach=Reach.SESSION,
            target_id=marked[0] if len(marked) == 1 else None,
            tenant_id=rows[0]["tenant_id"],
            partner_id=rows[0]["partner_id"],
            **revocation_fields(actor, reason, len(live)),
            swept_count=len(marked),
            swept_at=Now(),
        )
    else:
        Revocation.objects.filter(pk=revocation.pk).update(
            revoked_count=F("revoked_count") + len(live), swept_count=F("swept_count") + len(marked)
        )
    mark_revoked(marked, revocation)
    reassign_newest_flag(Session.objects.filter(pk__in=marked))
    return RevocationResult(len(live), live, revocation)


def mark_revoked(session_ids: list[UUID], revocation: Revocation) -> int:
    return Session.objects.filter(pk_in(session_ids), revoked_at=None).update(
        revoked_at=Now() if revocation.number is None else revocation.created_at,
        revoked_by=revocation.actor_id,
        revoke_reason=revocation.reason,
        revocation=revocation,
        is_newest=False,
        due_at=None,
    )


def mark_expired(over: list[UUID], *, by: str) -> None:
    """What the clock has ended says so from now on. For use under the users' locks."""
    if not over:
        return
    why = Case(When(expires_at=times_out_at(), then=Value(EXPIRED)), default=Value(IDLE), output_field=CharField())
    Session.objects.filter(pk__in=over).update(
        revoked_at=times_out_at(), revoked_by=by, revoke_reason=why, is_expired=True, is_newest=False, due_at=None
    )
    reassign_newest_flag(Session.objects.filter(pk__in=over))


def reassign_newest_flag(ended: SessionQuerySet) -> None:
    """Of each user some of whose sessions have just ended, the newest that stands is the one that counts them.

    For use under the users' locks.
    """
    theirs = SessionState.objects.not_revoked().filter(user=OuterRef("pk")).newest_first().values("pk")[:1]
    users = User.objects.filter(pk_in(ended.values("user")))
    newest = users.annotate(newest=Subquery(theirs)).values("newest")
    Session.objects.filter(pk_in(newest), is_newest=False).update(is_newest=True)


def revocation_fields(actor: Principal, reason: str, count: int) -> dict[str, Any]:
    return {"actor_id": actor.id, "actor_label": actor.label, "reason": reason, "revoked_count": count}
