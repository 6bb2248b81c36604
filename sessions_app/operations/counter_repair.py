"""Putting the counters right, should they ever be wrong."""

from django.db import transaction

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from sessions_app import counting


@transaction.atomic
def rebuild_counters(*, actor: Principal, difference_count: int) -> None:
    """Nothing is corrected silently: the record says how many there were."""
    counting.rebuild()
    record(Action.COUNTERS_REBUILT, actor=actor, changes={"difference_count": difference_count})
