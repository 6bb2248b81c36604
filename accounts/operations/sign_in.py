"""Proving who somebody is. Opening a session for them is for the package that keeps sessions."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from django.contrib.auth.hashers import check_password, is_password_usable, make_password

from accounts.models import Application, Role, User, user_is_active
from accounts.models.users import normal_email
from accounts.operations import throttle
from accounts.operations.second_factor import second_factor_holds
from audit.actions import Action, Result
from audit.operations import record_refusal
from core.access import ActorType, Origin, Principal
from core.crypto import new_secret
from core.ids import Prefix, decode_id
from core.models import is_active
from tenancy.models import platform

AuthMethod = Literal["password", "mfa"]


class SignInRefused(Exception):
    """Unknown, wrong, suspended, ambiguous: one exception, so that there is one answer."""


class SecondFactorMissing(Exception):
    """The password was right; this account also asks for a code."""


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str = field(repr=False)
    tenant: str | None = None
    totp_code: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """An account as one statement found it, with the platform's revision of that moment."""

    user: User
    has_totp: bool
    revision: int


@dataclass(frozen=True, slots=True)
class VerifiedSignIn:
    """A candidate who has proved to be the user.

    The revision was read in the same statement as the password's hash. Whatever ends the user's sessions after that
    statement - a new password, a suspension - takes a later number, and a session opened on this proof is born dead.
    """

    candidate: AccountSnapshot
    auth_method: AuthMethod
    origin: Origin
    application: Application | None = None

    @property
    def user(self) -> User:
        return self.candidate.user

    @property
    def principal(self) -> Principal:
        return as_principal(self.user, self.origin)


def verify_credentials(credentials: Credentials, *, origin: Origin) -> VerifiedSignIn:
    """Raises SignInRefused, SecondFactorMissing or Throttled; each is on record by then."""
    candidate = find_account(credentials)
    user = candidate.user if candidate else None
    actor = as_principal(user, origin) if user else Principal.anonymous(origin, label=credentials.email)
    try:
        charge = throttle.charge(normal_email(credentials.email), origin.ip_address, user.pk if user else None)
    except throttle.Throttled:
        record_refusal(Action.SIGNED_IN, actor=actor, resource=user, changes={"reason": "throttled"})
        raise
    if not password_is_right(user, credentials.password) or candidate is None or user is None:
        raise _refused(actor, user, "wrong credentials")
    if candidate.has_totp and not (credentials.totp_code or credentials.recovery_code):
        charge.refund()
        record_refusal(Action.SIGNED_IN, actor=actor, resource=user, changes={"reason": "MFA code missing"})
        raise SecondFactorMissing
    if candidate.has_totp and not second_factor_holds(user, credentials.totp_code, credentials.recovery_code):
        raise _refused(actor, user, "wrong MFA code")
    application = _application_for(user, credentials.client_id)
    if application is None and credentials.client_id is not None:
        raise _refused(actor, user, "no such application")
    charge.clear()
    return VerifiedSignIn(candidate, "mfa" if candidate.has_totp else "password", origin, application)


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


def find_account(credentials: Credentials) -> AccountSnapshot | None:
    """The one account these could be for; none when it is unknown, down, or one of several.

    Operators come before their namesakes in customer tenants: they name no tenant, and nobody's new user may shut
    them out.
    """
    users = (
        User.objects.filter(user_is_active())
        .named(credentials.email)
        .with_totp()
        .select_related("tenant__partner")
        .annotate(platform_revision=platform("revision"))
    )
    if credentials.tenant is not None:
        tenant_id = decode_id(Prefix.TENANT, credentials.tenant)
        users = users.filter(tenant=tenant_id) if tenant_id else users.filter(tenant__slug=credentials.tenant)
    found = list(users.order_by("-tenant_kind")[:2])  # PLATFORM_STAFF, PARTNER_STAFF, CUSTOMER
    if not found or len({user.tenant_kind for user in found}) < len(found):
        return None
    row: Any = found[0]  # a user, and what the statement added
    return AccountSnapshot(row, row.has_totp, row.platform_revision)


def _application_for(user: User, client_id: str | None) -> Application | None:
    """What the session is opened for: an application that the user's tenant may use."""
    if client_id is None:
        return None
    return Application.objects.filter(is_active(), client_id=client_id).offered_to(user.tenant).first()


def _refused(actor: Principal, user: User | None, reason: str) -> SignInRefused:
    record_refusal(Action.SIGNED_IN, actor=actor, resource=user, result=Result.FAILURE, changes={"reason": reason})
    return SignInRefused()
