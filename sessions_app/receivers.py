"""News from the left that ends sessions here, inside the transaction that made it."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import mfa_disabled, password_changed
from core.access import Principal
from sessions_app import operations
from sessions_app.models import Reach


@receiver(password_changed)
def end_others_after_password_change(*, user: User, actor: Principal, **_: Any) -> int:
    return _end_others(user, actor, "password changed")


@receiver(mfa_disabled)
def end_others_after_mfa_disabled(*, user: User, actor: Principal, **_: Any) -> int:
    return _end_others(user, actor, "second factor removed")


def _end_others(user: User, actor: Principal, reason: str) -> int:
    return operations.end_all(Reach.USER, user.pk, actor=actor, reason=reason, spare=actor.session_id).count
