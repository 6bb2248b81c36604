"""Apply a stricter session policy to sessions that are open already."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value, Window
from django.db.models.functions import Greatest, Least, Now, RowNumber

from core.access import Principal
from core.ids import NIL_ID
from core.lookups import pk_in
from sessions_app.models import RevocationScope, Session, SessionState, SessionStateQuerySet
from sessions_app.models.expressions import allowed_lifetime, opened_as_admin
from sessions_app.operations.locks import lock_scope_exclusive, lock_sessions_with_users
from sessions_app.operations.revocation import revoke_rows_unaudited
from tenancy.models import Tenant, strictest

BATCH = 2_000
SECOND = Value(timedelta(seconds=1))
REASON = "session policy tightened"


def block_sign_ins(scope: RevocationScope, target_id: UUID | None) -> None:
    """Let no sign-in in this scope finish until the transaction ends."""
    lock_scope_exclusive(scope, target_id)


@transaction.atomic
def apply_session_policy(scope: RevocationScope, target_id: UUID | None, *, actor: Principal) -> int:
    """Revoke sessions that exceed the policy, shorten the others, and return how many were revoked."""
    lifetime = allowed_lifetime(_allowed("session_lifetime"), opened_as_admin())
    allowed = {"lifetime": _as_duration(lifetime), "idle": _as_duration(_allowed("idle_timeout"))}
    live = SessionState.objects.live().in_scope(scope, target_id)
    too_old = live.annotate(**allowed).filter(
        Q(created_at__lte=Now() - F("lifetime")) | Q(last_activity_at__lte=Now() - F("idle"))
    )
    revoked_count = _revoke(too_old, actor)
    # Only live sessions: an end that is past must not move, even if its row has not been marked yet.
    expires_at = Least(F("expires_at"), F("created_at") + allowed["lifetime"])
    idle_limit = Least(F("idle_limit"), allowed["idle"])
    due_at = Least(F("due_at"), expires_at, F("last_activity_at") + idle_limit)
    rows = Session.objects.filter(pk_in(live.values("pk")))
    rows.update(expires_at=expires_at, idle_limit=idle_limit, due_at=due_at)
    newest_first = Window(RowNumber(), partition_by="user", order_by=F("pk").desc())
    limited = live.annotate(max_sessions=strictest("max_sessions", "tenant__")).filter(max_sessions__isnull=False)
    excess = limited.annotate(position=newest_first).filter(position__gt=F("max_sessions"))
    return revoked_count + _revoke(excess, actor)


def apply_admin_lifetime() -> None:
    """Shorten administrators' sessions that were opened while ADMIN_SESSION_LIFETIME was longer."""
    limit, after = _admin_expiry_limit(), NIL_ID
    while True:
        too_long = Session.objects.filter(
            opened_as_admin(), revoked_at=None, expires_at__gt=Greatest(limit, Now()), pk__gt=after
        )
        session_ids = list(too_long.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not session_ids:
            return
        _shorten_admin_sessions(session_ids)
        after = session_ids[-1]


@transaction.atomic
def _shorten_admin_sessions(session_ids: list[UUID]) -> None:
    """Let these sessions end at the limit, or now if it has passed: they were live until this moment."""
    expires_at = Greatest(_admin_expiry_limit(), Now())
    live = SessionState.objects.live().filter(pk__in=lock_sessions_with_users(session_ids))
    Session.objects.filter(pk_in(live.values("pk"))).update(
        expires_at=expires_at, due_at=Least(F("due_at"), expires_at)
    )


def _admin_expiry_limit() -> Any:
    return F("created_at") + timedelta(seconds=settings.ADMIN_SESSION_LIFETIME)


def _revoke(sessions: SessionStateQuerySet, actor: Principal) -> int:
    return revoke_rows_unaudited(list(sessions.values_list("pk", flat=True)), actor=actor, reason=REASON).count


def _allowed(policy: str) -> Subquery:
    return Subquery(Tenant.objects.filter(pk=OuterRef("tenant")).values(seconds=strictest(policy, "")))


def _as_duration(seconds: Any) -> ExpressionWrapper:
    return ExpressionWrapper(seconds * SECOND, output_field=DurationField())
