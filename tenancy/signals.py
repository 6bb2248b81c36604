"""What tenancy tells the packages to its right, inside the act's transaction."""

from typing import Any, cast

from django.dispatch import Signal

from core.access import Principal

# Whatever was waited for has been waited for: whoever listens raises ConcurrentChange if the actor may act no more.
actor_check = Signal()
# Before it is written: whoever listens takes its locks in its own order first.
pre_deactivate = Signal()
# Likewise, and once both partners' rows are locked.
pre_tenant_move = Signal()
# After it is written.
post_deactivate = Signal()
session_policy_changed = Signal()
tenant_moved = Signal()


def send_and_count(news: Signal, thing: Any, *, actor: Principal, **more: Any) -> int:
    """Tell whoever listens. Each answers with how many sessions it ended over it."""
    answers: list[Any] = news.send(type(thing), thing=thing, actor=actor, **more)
    return sum(cast(int, ended) for _, ended in answers)
