"""A new password for somebody who cannot give the old one. Whoever asks for it never gets to choose it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from accounts.models import PasswordReset, Role, User, user_is_active
from accounts.operations.passwords import require_fit
from accounts.operations.throttle import charge_address
from accounts.signals import password_changed, send_and_count
from audit.actions import Action
from audit.operations import record
from core.access import ActorType, Origin, Principal
from core.crypto import digest, new_secret, seal
from tenancy.operations import lock

PURPOSE = "password reset"


class AccountInactive(Exception):
    """Its user, or what they live in, is suspended: a code would be good for nothing."""


class ResetRefused(Exception):
    """The code is wrong, was used, was replaced or has expired; or its account is not there to be used."""


@dataclass(frozen=True, slots=True)
class IssuedReset:
    code: str = field(repr=False)
    expires_at: datetime
    sessions_ended: int


@transaction.atomic
def issue_password_reset(user: User, *, actor: Principal, by_mail: bool = True) -> IssuedReset:
    """A code for a new password, by mail or for the actor to hand over. The old password and all sessions are over
    from here on: a reset is asked for when somebody else may know them."""
    ended = send_and_count(password_changed, user, actor=actor)
    lock(user, actor=actor)
    if not User.objects.filter(user_is_active(), pk=user.pk).exists():
        raise AccountInactive
    code = new_secret()
    expires_at = Now() + timedelta(seconds=settings.PASSWORD_RESET_LIFETIME)
    PasswordReset.objects.filter(user=user).delete()
    reset = PasswordReset.objects.create(user=user, digest=digest(code), expires_at=expires_at)
    reset.refresh_from_db(fields=["expires_at"])
    User.objects.filter(pk=user.pk).update(password=make_password(None))
    if by_mail:
        sealed = seal(code.encode(), purpose=PURPOSE).decode()
        app.configure_task("mail_password_reset").defer(user_id=str(user.pk), sealed=sealed)
    changes = {"delivery": "mail" if by_mail else "actor", "sessions_ended": ended}
    record(Action.PASSWORD_RESET_ISSUED, actor=actor, resource=user, partner_id=user.tenant.partner_id, changes=changes)
    return IssuedReset(code, reset.expires_at, ended)


def reset_password(code: str, new: str, *, origin: Origin) -> int:
    """Set a new password with a code that was issued; how many sessions that ended. Guesses are throttled."""
    address = charge_address(origin.ip_address)
    user = _holders(code).first()
    if user is None:
        raise ResetRefused
    if address:
        address.refund()
    require_fit(new, user)
    hashed = make_password(new)
    actor = _themselves(user, origin)
    with transaction.atomic():
        ended = send_and_count(password_changed, user, actor=actor)
        if not PasswordReset.objects.filter(user=user, digest=digest(code)).delete()[0]:
            raise ResetRefused  # somebody was quicker with it
        if not User.objects.filter(user_is_active(), pk=user.pk).update(password=hashed):
            raise ResetRefused
        record(Action.PASSWORD_RESET, actor=actor, resource=user, changes={"sessions_ended": ended})
    return ended


def pending_reset(user_id: UUID, code: str) -> User | None:
    """Whom a code is for, if it is still good."""
    return _holders(code).filter(pk=user_id).first()


def _holders(code: str) -> QuerySet[User]:
    good = {"password_reset__digest": digest(code), "password_reset__expires_at__gt": Now()}
    return User.objects.filter(user_is_active(), **good).select_related("tenant")


def _themselves(user: User, origin: Origin) -> Principal:
    row = {
        "user_id": user.pk,
        "email": user.email,
        "tier": Role(user.role).tier,
        "tenant_id": user.tenant_id,
        "partner_id": user.tenant.partner_id,
    }
    return Principal.user(row, origin=origin, session_id=None, type=ActorType.USER)
