"""Revoke single sessions, and mark their rows at once."""

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
from sessions_app.models import (
    Revocation,
    RevocationScope,
    Session,
    SessionQuerySet,
    SessionState,
    SessionStateQuerySet,
)
from sessions_app.models.expressions import times_out_at
from sessions_app.operations.locks import lock_sessions_with_users, locked
from tenancy.models import Tenant

MAX_IDS = 10_000
EXPIRED, IDLE = "expired", "idle"
EXPIRER_ID = Principal.system("expire_sessions").id
REASON_EVICTED = "session limit reached, replaced by a newer session"
REASON_BY_ADMIN, REASON_BY_USER = "revoked by an administrator", "signed out by the user"


@dataclass(frozen=True, slots=True)
class RevocationResult:
    """The sessions that an operation revoked. The count is exact; very long lists of ids hold only the newest."""

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
    """Revoke sessions. Those that have ended already are left alone and not counted.

    The filters of `sessions`, rights among them, are applied again after locking. `tenant_id` owns the audit entry
    if no session is left by then.
    """
    rows = list(locked(sessions))
    result = _revoke_locked([session.pk for session in rows], actor=actor, reason=reason)
    record(
        Action.SESSION_REVOKED,
        actor=actor,
        resource=rows[0] if len(rows) == 1 else None,
        **_owner_ids(rows, tenant_id),
        changes={"reason": reason, "revoked_count": result.count, "sessions": [each.handle for each in rows]},
    )
    return result


def _owner_ids(rows: list[Session], tenant_id: UUID | None) -> dict[str, Any]:
    if rows:
        return {"tenant_id": rows[0].tenant_id, "partner_id": rows[0].partner_id}
    partner_id = Tenant.objects.filter(pk__in=[tenant_id]).values_list("partner_id", flat=True).first()
    return {"tenant_id": tenant_id, "partner_id": partner_id}


@transaction.atomic
def sign_out(session_id: UUID, *, actor: Principal) -> None:
    """Revoke the session of a user who signs out."""
    session = Session.objects.get(pk=session_id)
    revoke_rows_unaudited([session.pk], actor=actor, reason="signed out")
    record(Action.SIGNED_OUT, actor=actor, resource=session)


def evict_oldest(user_id: UUID, count: int, *, actor: Principal) -> None:
    """Revoke a user's oldest live sessions, to make room for a new one in the same transaction."""
    oldest = SessionState.objects.live().for_user(user_id).order_by("pk")
    revoke(
        Session.objects.filter(pk__in=list(oldest.values_list("pk", flat=True)[:count])),
        actor=actor,
        reason=REASON_EVICTED,
    )


def revoke_rows_unaudited(
    session_ids: list[UUID], *, actor: Principal, reason: str, revocation: Revocation | None = None
) -> RevocationResult:
    """Revoke sessions by id, without an audit entry, and count those that were live.

    For operations that write their own entry. Sessions of something suspended are marked too, or they would come
    back with it; those that have timed out are marked as expired. A long operation passes its `revocation` to every
    transaction, and the counts add up.
    """
    return _revoke_locked(lock_sessions_with_users(session_ids), actor=actor, reason=reason, revocation=revocation)


def _revoke_locked(
    session_ids: list[UUID], *, actor: Principal, reason: str, revocation: Revocation | None = None
) -> RevocationResult:
    sessions = SessionState.objects.filter(pk__in=session_ids).revocable().order_by("pk")
    # One query reads both, since a second one would judge by a later time.
    candidates = list(sessions.values("pk", "tenant_id", "partner_id", "has_timed_out", "is_live"))
    mark_expired([row["pk"] for row in candidates if row["has_timed_out"]], by=EXPIRER_ID)
    rows = [row for row in candidates if not row["has_timed_out"]]
    if not rows:
        return RevocationResult()
    marked = [row["pk"] for row in rows]
    live = [row["pk"] for row in reversed(rows) if row["is_live"]]
    if revocation is None:
        revocation = Revocation.objects.create(
            reach=RevocationScope.SESSION,
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
    """Mark the rows that a revocation has ended, and return how many there were."""
    return Session.objects.filter(pk_in(session_ids), revoked_at=None).update(
        revoked_at=revocation.created_at if revocation.is_scope_wide else Now(),
        revoked_by=revocation.actor_id,
        revoke_reason=revocation.reason,
        revocation=revocation,
        is_newest=False,
        due_at=None,
    )


def mark_expired(session_ids: list[UUID], *, by: str) -> None:
    """Mark timed-out sessions as expired. The caller holds the locks of their users."""
    if not session_ids:
        return
    reason = Case(When(expires_at=times_out_at(), then=Value(EXPIRED)), default=Value(IDLE), output_field=CharField())
    Session.objects.filter(pk__in=session_ids).update(
        revoked_at=times_out_at(), revoked_by=by, revoke_reason=reason, is_expired=True, is_newest=False, due_at=None
    )
    reassign_newest_flag(Session.objects.filter(pk__in=session_ids))


def reassign_newest_flag(ended: SessionQuerySet) -> None:
    """Move `is_newest` to each affected user's newest session that is not revoked; user counters count that row.

    The caller holds the locks of the users.
    """
    newest_id = SessionState.objects.not_revoked().filter(user=OuterRef("pk")).newest_first().values("pk")[:1]
    users = User.objects.filter(pk_in(ended.values("user")))
    newest = users.annotate(newest=Subquery(newest_id)).values("newest")
    Session.objects.filter(pk_in(newest), is_newest=False).update(is_newest=True)


def revocation_fields(actor: Principal, reason: str, count: int) -> dict[str, Any]:
    return {"actor_id": actor.id, "actor_label": actor.label, "reason": reason, "revoked_count": count}
