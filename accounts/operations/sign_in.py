"""Verification of credentials. Sessions are opened in `sessions_app`."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from django.contrib.auth.hashers import check_password, is_password_usable, make_password

from accounts.models import Application, Role, User, user_is_active
from accounts.models.users import normal_email
from accounts.operations import throttle
from accounts.operations.second_factor import verify_second_factor
from audit.actions import Action, Result
from audit.operations import record_refusal
from core.access import ActorType, Origin, Principal
from core.crypto import new_secret
from core.ids import Prefix, decode_id
from core.models import is_active
from tenancy.models import platform

AuthMethod = Literal["password", "mfa"]


class SignInRefused(Exception):
    """The account is unknown, suspended or ambiguous, or a credential is wrong. Callers must not tell which."""


class SecondFactorMissing(Exception):
    """The password is right, and the account requires a code as well."""


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
    """An account as one statement read it, with the platform's revision at that time."""

    user: User
    has_totp: bool
    revision: int


@dataclass(frozen=True, slots=True)
class VerifiedSignIn:
    """A user whose credentials have been verified.

    The revision was read in the same statement as the password's hash. A revocation after that statement, such as by a
    new password or a suspension, takes a later revision, and a session opened for this sign-in is refused.
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
    """Verify a sign-in, or raise SignInRefused, SecondFactorMissing or Throttled, each recorded before."""
    candidate = find_account(credentials)
    user = candidate.user if candidate else None
    actor = as_principal(user, origin) if user else Principal.anonymous(origin, label=credentials.email)
    try:
        charge = throttle.charge(normal_email(credentials.email), origin.ip_address, user.pk if user else None)
    except throttle.Throttled:
        record_refusal(Action.SIGNED_IN, actor=actor, resource=user, changes={"reason": "throttled"})
        raise
    if not password_matches(user, credentials.password) or candidate is None or user is None:
        raise _refused(actor, user, "wrong credentials")
    if candidate.has_totp and not (credentials.totp_code or credentials.recovery_code):
        charge.refund()
        record_refusal(Action.SIGNED_IN, actor=actor, resource=user, changes={"reason": "MFA code missing"})
        raise SecondFactorMissing
    if candidate.has_totp and not verify_second_factor(user, credentials.totp_code, credentials.recovery_code):
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


def password_matches(user: User | None, password: str) -> bool:
    """Verify a password. One hash is computed even for unknown users, so that the time does not show who exists."""
    usable = user is not None and is_password_usable(user.password)
    return check_password(password, user.password if user and usable else _dummy_hash()) and usable


@cache
def _dummy_hash() -> str:
    return make_password(new_secret())


def find_account(credentials: Credentials) -> AccountSnapshot | None:
    """Return the account that credentials belong to, or None if it is unknown, inactive or ambiguous.

    Administrators in staff tenants come before users with the same e-mail address in customer tenants: they send no
    tenant, and a new user must not be able to lock them out.
    """
    users = (
        User.objects.filter(user_is_active())
        .by_email(credentials.email)
        .with_totp()
        .select_related("tenant__partner")
        .annotate(platform_revision=platform("revision"))
    )
    if credentials.tenant is not None:
        tenant_id = decode_id(Prefix.TENANT, credentials.tenant)
        users = users.filter(tenant=tenant_id) if tenant_id else users.filter(tenant__slug=credentials.tenant)
    matches = list(users.order_by("-tenant_kind")[:2])  # PLATFORM_STAFF, PARTNER_STAFF, CUSTOMER
    if not matches or len({user.tenant_kind for user in matches}) < len(matches):
        return None
    row: Any = matches[0]  # a user with annotations
    return AccountSnapshot(row, row.has_totp, row.platform_revision)


def _application_for(user: User, client_id: str | None) -> Application | None:
    """Return the application to sign in to, if the user's tenant may use it."""
    if client_id is None:
        return None
    return Application.objects.filter(is_active(), client_id=client_id).offered_to(user.tenant).first()


def _refused(actor: Principal, user: User | None, reason: str) -> SignInRefused:
    record_refusal(Action.SIGNED_IN, actor=actor, resource=user, result=Result.FAILURE, changes={"reason": reason})
    return SignInRefused()
