from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.operations import throttle
from accounts.operations.sign_in import password_is_right
from accounts.signals import password_changed, send_and_count
from audit.actions import Action, Result
from audit.operations import record, record_refusal
from core.access import Principal


class PasswordWrong(Exception):
    """The current password is not that."""


class PasswordUnfit(Exception):
    """Too short, or among those that everybody tries first."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(*messages)
        self.messages = messages


def change_password(user: User, *, current: str, new: str, actor: Principal) -> int:
    """Set a new password and end the user's other sessions; the answer says how many. Guesses are throttled."""
    require_fit(new, user)
    require_password(user, current, action=Action.PASSWORD_CHANGED, actor=actor)
    hashed = make_password(new)
    with transaction.atomic():
        ended = send_and_count(password_changed, user, actor=actor)
        # Only if it is still the password that was proved: of two changes at once, one wins.
        if not User.objects.filter(pk=user.pk, password=user.password).update(password=hashed):
            raise PasswordWrong
        record(Action.PASSWORD_CHANGED, actor=actor, resource=user, changes={"sessions_ended": ended})
    return ended


def require_fit(password: str, user: User | None = None) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordUnfit(error.messages) from error


def require_password(user: User, password: str, *, action: Action, actor: Principal) -> None:
    """Ask a signed-in user for their password once more, with the same patience as at sign-in."""
    try:
        charge = throttle.charge(user.email, actor.origin.ip_address, user.pk)
    except throttle.Throttled:
        record_refusal(action, actor=actor, resource=user, changes={"reason": "throttled"})
        raise
    if not password_is_right(user, password):
        record_refusal(action, actor=actor, resource=user, result=Result.FAILURE, changes={"reason": "wrong password"})
        raise PasswordWrong
    charge.refund()
