"""Proving who somebody is. Opening a session for them is for the package that keeps sessions."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from django.contrib.auth.hashers import check_password, is_password_usable, make_password

from accounts.models import Role, User, user_is_up
from accounts.models.users import normal_email
from accounts.operations import throttle
from accounts.operations.second_factor import second_factor_holds
from audit.actions import Action, Result
from audit.operations import record_refusal
from core.access import ActorType, Origin, Principal
from core.ids import Prefix, read
from core.secrets import new_secret
from tenancy.models import platform, strictest

AuthMethod = Literal["password", "mfa"]


class SignInRefused(Exception):
    """Unknown, wrong, suspended, ambiguous: one exception, so that there is one answer."""


class SecondFactorMissing(Exception):
    """The password was right; this account also asks for a code."""


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str
    tenant: str | None = None
    totp_code: str | None = None
    recovery_code: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A user who has proved who they are, and the platform's revision from before they did.

    The revision is read in the same statement as the password's hash. Whatever ends the user's sessions after that
    statement - a new password, a suspension - takes a later number, and a session opened on this proof is born dead.
    """

    user: User
    revision: int
    session_lifetime: int
    idle_timeout: int
    auth_method: AuthMethod
    origin: Origin

    @property
    def principal(self) -> Principal:
        return as_principal(self.user, self.origin)


def prove(credentials: Credentials, *, origin: Origin) -> Proof:
    """Raises SignInRefused, SecondFactorMissing or Throttled; each is on record by then."""
    user = _candidate(credentials)
    actor = as_principal(user, origin) if user else Principal.anonymous(origin, label=credentials.email)
    try:
        charge = throttle.charge(normal_email(credentials.email), origin.ip_address, user.pk if user else None)
    except throttle.Throttled:
        record_refusal(Action.SIGNED_IN, actor=actor, resource=user, changes={"reason": "throttled"})
        raise
    if not password_is_right(user, credentials.password) or user is None:
        raise _refused(actor, user, "wrong credentials")
    method: AuthMethod = "mfa" if user.has_totp else "password"
    if method == "mfa" and not (credentials.totp_code or credentials.recovery_code):
        charge.refund()
        record_refusal(Action.SIGNED_IN, actor=actor, resource=user, changes={"reason": "second factor missing"})
        raise SecondFactorMissing
    if method == "mfa" and not second_factor_holds(user, credentials.totp_code, credentials.recovery_code):
        raise _refused(actor, user, "wrong second factor")
    charge.clear()
    return Proof(user, user.platform_revision, user.session_lifetime, user.idle_timeout, method, origin)


def as_principal(user: User, origin: Origin) -> Principal:
    return Principal(
        type=ActorType.USER,
        id=user.handle,
        label=user.email,
        tier=Role(user.role).tier,
        user_id=user.pk,
        tenant_id=user.tenant_id,
        partner_id=user.tenant.partner_id,
        origin=origin,
    )


def password_is_right(user: User | None, password: str) -> bool:
    """One hash is computed whoever is asked for: the time it takes must not tell who exists."""
    usable = user is not None and is_password_usable(user.password)
    return check_password(password, user.password if user and usable else _nobodys_password()) and usable


@cache
def _nobodys_password() -> str:
    return make_password(new_secret())


def _candidate(credentials: Credentials) -> User | None:
    """The one account these could be for; none when it is unknown, down, or one of several."""
    users = (
        User.objects.filter(user_is_up())
        .named(credentials.email)
        .with_totp()
        .select_related("tenant__partner")
        .annotate(
            platform_revision=platform("revision"),
            session_lifetime=strictest("session_lifetime", "tenant__"),
            idle_timeout=strictest("idle_timeout", "tenant__"),
        )
    )
    if credentials.tenant is not None:
        tenant_id = read(Prefix.TENANT, credentials.tenant)
        users = users.filter(tenant=tenant_id) if tenant_id else users.filter(tenant__slug=credentials.tenant)
    found = list(users[:2])
    return found[0] if len(found) == 1 else None


def _refused(actor: Principal, user: User | None, reason: str) -> SignInRefused:
    record_refusal(Action.SIGNED_IN, actor=actor, resource=user, result=Result.FAILURE, changes={"reason": reason})
    return SignInRefused()
