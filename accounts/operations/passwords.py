from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.operations import throttle
from accounts.operations.sign_in import password_matches
from accounts.signals import password_changed, send_and_count
from audit.actions import Action, Result
from audit.operations import record, record_refusal
from core.access import Principal


class PasswordWrong(Exception):
    """The current password is wrong."""


class PasswordUnfit(Exception):
    """The new password is too short or too common."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(*messages)
        self.messages = messages


def change_password(user: User, *, current: str, new: str, actor: Principal) -> int:
    """Set a new password, revoke the user's other sessions and return how many. Attempts are throttled."""
    require_fit(new, user)
    require_password(user, current, action=Action.PASSWORD_CHANGED, actor=actor)
    hashed = make_password(new)
    with transaction.atomic():
        revoked = send_and_count(password_changed, user, actor=actor)
        # Only if the password is still the one that was verified, so that of two concurrent changes one succeeds.
        if not User.objects.filter(pk=user.pk, password=user.password).update(password=hashed):
            raise PasswordWrong
        record(Action.PASSWORD_CHANGED, actor=actor, resource=user, changes={"sessions_ended": revoked})
    return revoked


def require_fit(password: str, user: User | None = None) -> None:
    """Raise PasswordUnfit unless a password meets the rules."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordUnfit(error.messages) from error


def require_password(user: User, password: str, *, action: Action, actor: Principal) -> None:
    """Verify a signed-in user's password again, throttled as at sign-in."""
    try:
        charge = throttle.charge(user.email, actor.origin.ip_address, user.pk)
    except throttle.Throttled:
        record_refusal(action, actor=actor, resource=user, changes={"reason": "throttled"})
        raise
    if not password_matches(user, password):
        record_refusal(action, actor=actor, resource=user, result=Result.FAILURE, changes={"reason": "wrong password"})
        raise PasswordWrong
    charge.refund()
