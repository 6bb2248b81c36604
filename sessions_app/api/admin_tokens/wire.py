"""The admin-tokens formats: authentication, errors, and how an administrator's session is represented."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations as accounts
from core.access import Origin, Principal, Tier
from core.api.error_views import DEFAULT_MESSAGES
from core.api.errors import ErrorResponse, error_response_for
from core.api.middleware import ORIGIN
from core.ids import Prefix, encode_id
from core.timestamps import seconds
from sessions_app.api.authentication import (
    BearerAuthentication,
    CookieAuthentication,
    CookieScheme,
    Credential,
    CrossSite,
    by_session_key,
    drop_dead_cookie,
    principal_of,
    require_allowed_origin,
)
from sessions_app.models import RevocationScope, State
from sessions_app.reads.admin_sessions import AdminSessionList

NO_STORE = {
    "Cache-Control": "private, no-store, no-cache, max-age=0, must-revalidate, proxy-revalidate",
    "Pragma": "no-cache",
    "Expires": "0",
}
UNAUTHORIZED, FORBIDDEN, UNKNOWN = "Unauthorized", "Forbidden", "unknown"
TRUNCATED = "Sessions-Truncated"
ORIGINAL_COOKIE = "oooc-admin-auth"
Authenticated = tuple[Principal, Principal]

log = logging.getLogger(__name__)


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


def session_list(listing: AdminSessionList) -> dict[str, Any]:
    return {
        "success": True,
        "count": listing.count,
        "sessions": [session(row, listing) for row in listing.sessions],
        "currentTokenVersion": listing.token_version,
        "now": seconds(listing.at),
    }


def session(row: Mapping[str, Any], listing: AdminSessionList) -> dict[str, Any]:
    return {
        "jti": encode_id(Prefix.SESSION, row["id"]),
        "iat": seconds(row["created_at"]),
        "exp": seconds(expiry(row)),
        "v": row["token_version"],
        "tv": row["token_version"],
        "ip": row["ip_address"] or UNKNOWN,
        "ua": row["user_agent"] or UNKNOWN,
        "status": status(row, listing),
    }


def expiry(row: Mapping[str, Any]) -> Any:
    """Return when the session expires, or when it timed out."""
    return row["times_out_at"] if row["state"] == State.EXPIRED else row["expires_at"]


def status(row: Mapping[str, Any], listing: AdminSessionList) -> str:
    """Return the status. A session that is past its expiry is expired, whatever ended it."""
    if row["state"] == State.EXPIRED or row["expires_at"] <= listing.at:
        return "expired"
    if row["state"] == State.LIVE:
        return "active"
    scope = row["ended_by"] or (row["pending_revocation"] or {}).get("reach")
    return "invalidated" if scope == RevocationScope.ADMINS else "revoked"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    refusal = _error_response(error, context["view"])
    response = Response(_body(refusal.detail), status=refusal.status, headers=refusal.headers)
    drop_dead_cookie(response, error)
    return response


def cron_exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    refusal = _error_response(error, context["view"])
    return Response(_cron_body(refusal.status, refusal.detail), status=refusal.status, headers=refusal.headers)


def error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Build the response to a request that is refused before any view, and must not be cached either."""
    return JsonResponse(_body(DEFAULT_MESSAGES.get(status, status.phrase)), status=status, headers=NO_STORE)


def cron_error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    return JsonResponse(
        _cron_body(status, DEFAULT_MESSAGES.get(status, status.phrase)), status=status, headers=NO_STORE
    )


def _body(message: str) -> dict[str, Any]:
    return {"success": False, "error": message}


def _cron_body(status: HTTPStatus, message: str) -> dict[str, Any]:
    return {"error": message} if status == HTTPStatus.UNAUTHORIZED else {"ok": False, "error": message}


def _error_response(error: Exception, view: Any) -> ErrorResponse:
    """Build the error. A lack of rights looks like a lack of credentials; an unexpected error is logged."""
    match error:
        case CrossSite():
            return ErrorResponse(HTTPStatus.FORBIDDEN, FORBIDDEN)
        case PermissionDenied() | NotAuthenticated() | AuthenticationFailed():
            return ErrorResponse(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
        case _:
            response = error_response_for(error, view)
    if response is None:
        log.error("%s failed", view.action, exc_info=error)
        return ErrorResponse(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            view.failures.get(view.action, DEFAULT_MESSAGES[HTTPStatus.INTERNAL_SERVER_ERROR]),
        )
    return response


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
