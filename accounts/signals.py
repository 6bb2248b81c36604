"""What accounts tells the packages to its right, inside the act's transaction."""

from typing import Any, cast

from django.dispatch import Signal

from accounts.models import User
from core.access import Principal

password_changed = Signal()
mfa_disabled = Signal()


def send_and_count(news: Signal, user: User, *, actor: Principal) -> int:
    """Tell whoever listens. Each answers with how many sessions it ended over it."""
    answers: list[Any] = news.send(User, user=user, actor=actor)
    return sum(cast(int, ended) for _, ended in answers)
