"""A stricter session policy, applied to the sessions that are open already."""

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
from sessions_app.models import Reach, Session, SessionState, SessionStateQuerySet
from sessions_app.models.expressions import allowed_lifetime, opened_as_admin
from sessions_app.operations.locks import lock_scope_exclusive, lock_sessions_with_users
from sessions_app.operations.revocation import revoke_rows
from tenancy.models import Tenant, strictest

BATCH = 2_000
SECOND = Value(timedelta(seconds=1))
REASON = "session policy tightened"


def block_sign_ins(reach: Reach, target_id: UUID | None) -> None:
    """Until the transaction ends, nobody opens a session within reach."""
    lock_scope_exclusive(reach, target_id)


@transaction.atomic
def apply_session_policy(reach: Reach, target_id: UUID | None, *, actor: Principal) -> int:
    """End what may no longer last, or is one too many, and cut the others short; how many sessions were ended."""
    lifetime = allowed_lifetime(_allowed("session_lifetime"), opened_as_admin())
    allowed = {"lifetime": _as_duration(lifetime), "idle": _as_duration(_allowed("idle_timeout"))}
    live = SessionState.objects.live().within(reach, target_id)
    too_old = live.annotate(**allowed).filter(
        Q(created_at__lte=Now() - F("lifetime")) | Q(last_activity_at__lte=Now() - F("idle"))
    )
    ended = _end(too_old, actor)
    # What is over by now ended when it did: a row that is still to be written must not come to say otherwise.
    expires_at = Least(F("expires_at"), F("created_at") + allowed["lifetime"])
    idle_limit = Least(F("idle_limit"), allowed["idle"])
    due_at = Least(F("due_at"), expires_at, F("last_activity_at") + idle_limit)
    rows = Session.objects.filter(pk_in(live.values("pk")))
    rows.update(expires_at=expires_at, idle_limit=idle_limit, due_at=due_at)
    by_age = Window(RowNumber(), partition_by="user", order_by=F("pk").desc())
    crowded = live.annotate(most=strictest("max_sessions", "tenant__")).filter(most__isnull=False)
    return ended + _end(crowded.annotate(place=by_age).filter(place__gt=F("most")), actor)


def tighten_administrators() -> None:
    """Hold administrators' live sessions to ADMIN_SESSION_LIFETIME, where they were opened while it was longer."""
    last_until, after = _administrators_last_until(), NIL_ID
    while True:
        too_long = Session.objects.filter(
            opened_as_admin(), revoked_at=None, expires_at__gt=Greatest(last_until, Now()), pk__gt=after
        )
        session_ids = list(too_long.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not session_ids:
            return
        _shorten_administrators(session_ids)
        after = session_ids[-1]


@transaction.atomic
def _shorten_administrators(session_ids: list[UUID]) -> None:
    """One that has lasted longer already runs out now, not before: what was done in it was done in a live session."""
    expires_at = Greatest(_administrators_last_until(), Now())
    live = SessionState.objects.live().filter(pk__in=lock_sessions_with_users(session_ids))
    Session.objects.filter(pk_in(live.values("pk"))).update(
        expires_at=expires_at, due_at=Least(F("due_at"), expires_at)
    )


def _administrators_last_until() -> Any:
    return F("created_at") + timedelta(seconds=settings.ADMIN_SESSION_LIFETIME)


def _end(sessions: SessionStateQuerySet, actor: Principal) -> int:
    return revoke_rows(list(sessions.values_list("pk", flat=True)), actor=actor, reason=REASON).count


def _allowed(policy: str) -> Subquery:
    return Subquery(Tenant.objects.filter(pk=OuterRef("tenant")).values(seconds=strictest(policy, "")))


def _as_duration(seconds: Any) -> ExpressionWrapper:
    return ExpressionWrapper(seconds * SECOND, output_field=DurationField())
