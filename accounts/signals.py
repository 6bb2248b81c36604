"""Accounts' signals to the packages above it, sent inside the transaction of the change."""

from typing import Any, cast

from django.dispatch import Signal

from accounts.models import User
from core.access import Principal

password_changed = Signal()
mfa_disabled = Signal()


def send_and_count(signal: Signal, user: User, *, actor: Principal) -> int:
    """Send a signal and return how many sessions its receivers revoked."""
    responses: list[Any] = signal.send(User, user=user, actor=actor)
    return sum(cast(int, revoked) for _, revoked in responses)
