"""Password resets. The user chooses the new password, never the administrator who issues the reset."""

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
from accounts.operations.rights import require_other_user
from accounts.operations.throttle import charge_address
from accounts.signals import password_changed, send_and_count
from audit.actions import Action
from audit.operations import record
from core.access import ActorType, Origin, Principal
from core.crypto import digest, new_secret, seal
from tenancy.operations import lock

PURPOSE = "password reset"


class AccountInactive(Exception):
    """The user, their tenant or its partner is suspended, so that a code would be refused."""


class ResetRefused(Exception):
    """The code is wrong, used, replaced or expired, or its account is not active."""


class CodeNotForClients(Exception):
    """A client must not receive a code, which would let it sign in as the user."""


@dataclass(frozen=True, slots=True)
class IssuedReset:
    code: str = field(repr=False)
    expires_at: datetime
    sessions_ended: int


@transaction.atomic
def issue_password_reset(user: User, *, actor: Principal, by_mail: bool = True) -> IssuedReset:
    """Issue a code for a new password, by e-mail or for the actor to pass on.

    The old password and all sessions end at once, because they may be compromised.
    """
    require_other_user(user, actor=actor)
    if not by_mail and actor.is_scoped:
        raise CodeNotForClients
    revoked = send_and_count(password_changed, user, actor=actor)
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
    changes = {"delivery": "mail" if by_mail else "actor", "sessions_ended": revoked}
    record(Action.PASSWORD_RESET_ISSUED, actor=actor, resource=user, partner_id=user.tenant.partner_id, changes=changes)
    return IssuedReset(code, reset.expires_at, revoked)


def reset_password(code: str, new: str, *, origin: Origin) -> int:
    """Set a new password with a code; return how many sessions that revoked. Attempts are throttled."""
    address = charge_address(origin.ip_address)
    user = _users_with(code).first()
    if user is None:
        raise ResetRefused
    if address:
        address.refund()
    require_fit(new, user)
    hashed = make_password(new)
    actor = _as_actor(user, origin)
    with transaction.atomic():
        revoked = send_and_count(password_changed, user, actor=actor)
        if not PasswordReset.objects.filter(user=user, digest=digest(code)).delete()[0]:
            raise ResetRefused  # used by a concurrent request
        if not User.objects.filter(user_is_active(), pk=user.pk).update(password=hashed):
            raise ResetRefused
        record(Action.PASSWORD_RESET, actor=actor, resource=user, changes={"sessions_ended": revoked})
    return revoked


def pending_reset(user_id: UUID, code: str) -> User | None:
    """Return the user whom a code is for, if it is still valid."""
    return _users_with(code).filter(pk=user_id).first()


def _users_with(code: str) -> QuerySet[User]:
    valid = {"password_reset__digest": digest(code), "password_reset__expires_at__gt": Now()}
    return User.objects.filter(user_is_active(), **valid).select_related("tenant")


def _as_actor(user: User, origin: Origin) -> Principal:
    row = {
        "user_id": user.pk,
        "email": user.email,
        "tier": Role(user.role).tier,
        "tenant_id": user.tenant_id,
        "partner_id": user.tenant.partner_id,
    }
    return Principal.user(row, origin=origin, session_id=None, type=ActorType.USER)
