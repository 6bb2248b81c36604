"""Tenancy's signals to the packages above it, sent inside the transaction of the change."""

from typing import Any, cast

from django.dispatch import Signal

from core.access import Principal

# After the wait for a lock: receivers raise ConcurrentChange if the actor has lost the right to act.
actor_check = Signal()
# Before the change is written and its row locked: receivers take their own locks first.
pre_deactivate = Signal()
# Before the move is written, with both partners' rows locked.
pre_tenant_move = Signal()
# After the change is written.
post_deactivate = Signal()
session_policy_changed = Signal()
tenant_moved = Signal()


def send_and_count(signal: Signal, entity: Any, *, actor: Principal, **more: Any) -> int:
    """Send a signal and return how many sessions its receivers revoked."""
    responses: list[Any] = signal.send(type(entity), instance=entity, actor=actor, **more)
    return sum(cast(int, revoked) for _, revoked in responses)
