"""What tenancy tells the packages to its right, inside the act's transaction."""

from typing import Any, cast

from django.dispatch import Signal

from core.access import Principal

# Whatever was waited for has been waited for: whoever listens raises ChangedMeanwhile if the actor may act no more.
acting = Signal()
# Before it is written: whoever listens takes its locks in its own order first.
going_down = Signal()
# Likewise, and once both partners' rows are locked.
tenant_moving = Signal()
# After it is written.
went_down = Signal()
session_policy_changed = Signal()
tenant_moved = Signal()


def announce(news: Signal, thing: Any, *, actor: Principal, **more: Any) -> int:
    """Tell whoever listens. Each answers with how many sessions it ended over it."""
    answers: list[Any] = news.send(type(thing), thing=thing, actor=actor, **more)
    return sum(cast(int, ended) for _, ended in answers)
