"""A stricter session policy, applied to the sessions that are open already."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Subquery, Value, Window
from django.db.models.functions import Least, RowNumber

from core.access import Principal
from sessions_app.models import Reach, Session
from sessions_app.operations.ending import end
from sessions_app.operations.locking import alone_in
from tenancy.models import Tenant, strictest

SECOND = Value(timedelta(seconds=1))
REASON = "session policy tightened"


def wait_for_openings(reach: Reach, target_id: UUID | None) -> None:
    """Until the transaction ends, nobody opens a session within reach."""
    alone_in(reach, target_id)


@transaction.atomic
def tighten(reach: Reach, target_id: UUID | None, *, actor: Principal) -> int:
    """Cut short what may no longer last as long, and end what is one too many; how many sessions were ended."""
    # What is over by now ended when it did: a row that is still to be written must not come to say otherwise.
    held = Session.objects.live().within(reach, target_id)
    expires_at = Least(F("expires_at"), F("created_at") + _allowed("session_lifetime"))
    idle_limit = Least(F("idle_limit"), _allowed("idle_timeout"))
    due_at = Least(F("due_at"), expires_at, F("last_activity_at") + idle_limit)
    rows = Session.objects.filter(pk__in=held.values("pk"))
    rows.update(expires_at=expires_at, idle_limit=idle_limit, due_at=due_at)
    by_age = Window(RowNumber(), partition_by="user", order_by=F("pk").desc())
    live = Session.objects.live().within(reach, target_id).annotate(most=strictest("max_sessions", "tenant__"))
    too_many = live.filter(most__isnull=False).annotate(place=by_age).filter(place__gt=F("most"))
    return end(list(too_many.values_list("pk", flat=True)), actor=actor, reason=REASON).count


def _allowed(policy: str) -> ExpressionWrapper:
    seconds = Tenant.objects.filter(pk=OuterRef("tenant")).values(seconds=strictest(policy, ""))
    return ExpressionWrapper(Subquery(seconds) * SECOND, output_field=DurationField())
