"""Authentication by admin key, access token, cookie or cron secret."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from accounts import operations as accounts
from core.access import Origin, Principal, Tier
from core.api.middleware import ORIGIN
from sessions_app.api.authentication import (
    BearerAuthentication,
    CookieAuthentication,
    CookieScheme,
    Credential,
    by_session_key,
    principal_of,
    require_allowed_origin,
)

ORIGINAL_COOKIE = "oooc-admin-auth"
Authenticated = tuple[Principal, Principal]


class AdminKeyAuthentication(BaseAuthentication):
    """Authenticate by the admin key, or by a super admin's token in its header. No other credential is tried then.

    This comes first: a request from a page of another site is refused before it is authenticated, unless the operator
    has allowed that site.
    """

    def authenticate(self, request: Request) -> Authenticated | None:
        require_allowed_origin(request)
        key, origin = request.headers.get("X-Admin-Key", "").strip(), request.META[ORIGIN]
        if not key:
            return None

        def find() -> Principal | None:
            return Principal.by_admin_key(origin) if accounts.is_admin_key(key) else user_principal(key, origin)

        return authenticate_operator("admin key", origin, find)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenAuthentication(BearerAuthentication):
    """A session of an administrator. Neither the admin key nor an API key or a machine's token is accepted here."""

    def get_raw_token(self, header: bytes) -> bytes | None:
        credential = super().get_raw_token(header)
        return credential and credential.strip()

    def get_user(self, validated_token: Credential) -> Principal:  # type: ignore[override]  # as in the base class
        principal = super().get_user(validated_token)
        if not is_user_session(principal):
            raise AuthenticationFailed
        return principal


class AdminCookieAuthentication(CookieAuthentication):
    """Authenticate by our session cookie, or by the original's, which may also hold an access token.

    If several are live, a super admin's is used, since a browser may also be signed in to an ordinary account.
    """

    other_names = (ORIGINAL_COOKIE,)

    def principal(self, name: str, credential: str, origin: Origin) -> Principal | None:
        return user_principal(credential, origin) if name == ORIGINAL_COOKIE else by_session_key(credential, origin)

    def may_call(self, principal: Principal) -> bool:
        return principal.tier is Tier.SUPER


class CronAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> Authenticated | None:
        header, origin = request.headers.get("Authorization", ""), request.META[ORIGIN]
        if not header:
            return None

        def find() -> Principal | None:
            scheduler = replace(Principal.system("cleanup_admin_sessions"), origin=origin)
            return scheduler if accounts.is_cron_secret(bearer(header)) else None

        return authenticate_operator("cron secret", origin, find)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer(header: str) -> str:
    scheme, _, credential = header.partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def user_principal(credential: str, origin: Origin) -> Principal | None:
    principal = principal_of(credential, origin)
    return principal if principal and is_user_session(principal) else None


def is_user_session(principal: Principal) -> bool:
    """Return whether a user has signed in and is not represented by a client."""
    return principal.session_id is not None and not principal.delegate


def authenticate_operator(kind: str, origin: Origin, find: Callable[[], Principal | None]) -> Authenticated:
    try:
        with accounts.operator_key_attempt(kind, origin=origin):
            principal = find()
            if principal is None:
                raise accounts.KeyRefused
    except accounts.KeyRefused as refusal:
        raise AuthenticationFailed from refusal
    except accounts.Throttled as refusal:
        raise Throttled(wait=refusal.retry_after) from refusal
    return principal, principal


class AdminKeyScheme(OpenApiAuthenticationExtension):
    target_class = AdminKeyAuthentication
    name = "admin_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        description = "The installation's ADMIN_KEY, or a super admin's access token."
        return {"type": "apiKey", "in": "header", "name": "x-admin-key", "description": description}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A super admin's access token."}


class AdminCookieScheme(OpenApiAuthenticationExtension):
    target_class = AdminCookieAuthentication
    name = ["admin_cookie", "original_cookie"]

    def get_security_definition(self, auto_schema: Any) -> Any:
        ours = CookieScheme(self.target).get_security_definition(auto_schema)
        description = (
            "The same session cookie under oooc-fete-finder's name. It may also hold a super admin's access token."
        )
        return [ours, {**ours, "name": ORIGINAL_COOKIE, "description": description}]


class CronScheme(OpenApiAuthenticationExtension):
    target_class = CronAuthentication
    name = "cron"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The installation's CRON_SECRET."}
