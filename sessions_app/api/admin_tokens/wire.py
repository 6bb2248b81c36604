"""The admin tokens' manner: how a session of an administrator is shown, who is let in, and what the others are told."""

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
from core.api.error_views import WORDS
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
from sessions_app.models import Reach, State
from sessions_app.reads.admin_sessions import AdminSessionList

NOT_KEPT = {
    "Cache-Control": "private, no-store, no-cache, max-age=0, must-revalidate, proxy-revalidate",
    "Pragma": "no-cache",
    "Expires": "0",
}
UNAUTHORIZED, FORBIDDEN, UNKNOWN = "Unauthorized", "Forbidden", "unknown"
TRUNCATED = "Sessions-Truncated"
ORIGINAL_COOKIE = "oooc-admin-auth"
Admitted = tuple[Principal, Principal]

log = logging.getLogger(__name__)


class AdminKeyAuthentication(BaseAuthentication):
    """The key, or a super admin's token in its place. One that is wrong is not made up for by anything else.

    Comes first: what a page of another site sends is refused before anybody looks at who it is, unless the operator
    has named that site.
    """

    def authenticate(self, request: Request) -> Admitted | None:
        require_allowed_origin(request)
        key, origin = request.headers.get("X-Admin-Key", "").strip(), request.META[ORIGIN]
        if not key:
            return None

        def find() -> Principal | None:
            return Principal.by_admin_key(origin) if accounts.is_admin_key(key) else person(key, origin)

        return admitted("admin key", origin, find)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenAuthentication(BearerAuthentication):
    """A session of an administrator. Neither the admin key nor an API key or a machine's token is accepted here."""

    def get_raw_token(self, header: bytes) -> bytes | None:
        credential = super().get_raw_token(header)
        return credential and credential.strip()

    def get_user(self, validated_token: Credential) -> Principal:  # type: ignore[override]  # as in the base class
        principal = super().get_user(validated_token)
        if not is_person(principal):
            raise AuthenticationFailed
        return principal


class AdminCookieAuthentication(CookieAuthentication):
    """Our own cookie with a session's key; or the original's, whose clients may also keep an access token there.

    Of several that are live, a super admin's is used: somebody may be signed in to an account of their own as well.
    """

    other_names = (ORIGINAL_COOKIE,)

    def principal(self, name: str, credential: str, origin: Origin) -> Principal | None:
        return person(credential, origin) if name == ORIGINAL_COOKIE else by_session_key(credential, origin)

    def may_call(self, principal: Principal) -> bool:
        return principal.tier is Tier.SUPER


class CronAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> Admitted | None:
        header, origin = request.headers.get("Authorization", ""), request.META[ORIGIN]
        if not header:
            return None

        def find() -> Principal | None:
            scheduler = replace(Principal.system("cleanup_admin_sessions"), origin=origin)
            return scheduler if accounts.is_cron_secret(bearer(header)) else None

        return admitted("cron secret", origin, find)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer(header: str) -> str:
    scheme, _, credential = header.partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def person(credential: str, origin: Origin) -> Principal | None:
    principal = principal_of(credential, origin)
    return principal if principal and is_person(principal) else None


def is_person(principal: Principal) -> bool:
    """Return whether somebody has signed in and calls by themselves."""
    return principal.session_id is not None and not principal.delegate


def admitted(what: str, origin: Origin, find: Callable[[], Principal | None]) -> Admitted:
    try:
        with accounts.operator_key_attempt(what, origin=origin):
            found = find()
            if found is None:
                raise accounts.KeyRefused
    except accounts.KeyRefused as refusal:
        raise AuthenticationFailed from refusal
    except accounts.Throttled as refusal:
        raise Throttled(wait=refusal.retry_after) from refusal
    return found, found


def roll(told: AdminSessionList) -> dict[str, Any]:
    return {
        "success": True,
        "count": told.count,
        "sessions": [session(row, told) for row in told.sessions],
        "currentTokenVersion": told.token_version,
        "now": seconds(told.at),
    }


def session(row: Mapping[str, Any], told: AdminSessionList) -> dict[str, Any]:
    return {
        "jti": encode_id(Prefix.SESSION, row["id"]),
        "iat": seconds(row["created_at"]),
        "exp": seconds(expiry(row)),
        "v": row["token_version"],
        "tv": row["token_version"],
        "ip": row["ip_address"] or UNKNOWN,
        "ua": row["user_agent"] or UNKNOWN,
        "status": status(row, told),
    }


def expiry(row: Mapping[str, Any]) -> Any:
    """What nobody used for too long ran out then."""
    return row["times_out_at"] if row["state"] == State.EXPIRED else row["expires_at"]


def status(row: Mapping[str, Any], told: AdminSessionList) -> str:
    """The first that holds: whatever ended it, in the end it has also expired."""
    if row["state"] == State.EXPIRED or row["expires_at"] <= told.at:
        return "expired"
    if row["state"] == State.LIVE:
        return "active"
    by = row["ended_by"] or (row["pending_revocation"] or {}).get("reach")
    return "invalidated" if by == Reach.ADMINS else "revoked"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    refusal = _refusal(error, context["view"])
    response = Response(_body(refusal.words), status=refusal.status, headers=refusal.headers)
    drop_dead_cookie(response, error)
    return response


def cron_exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    refusal = _refusal(error, context["view"])
    return Response(_cron_body(refusal.status, refusal.words), status=refusal.status, headers=refusal.headers)


def error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """What is refused before any view is found is for nobody to keep either."""
    return JsonResponse(_body(WORDS.get(status, status.phrase)), status=status, headers=NOT_KEPT)


def cron_error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    return JsonResponse(_cron_body(status, WORDS.get(status, status.phrase)), status=status, headers=NOT_KEPT)


def _body(words: str) -> dict[str, Any]:
    return {"success": False, "error": words}


def _cron_body(status: HTTPStatus, words: str) -> dict[str, Any]:
    return {"error": words} if status == HTTPStatus.UNAUTHORIZED else {"ok": False, "error": words}


def _refusal(error: Exception, view: Any) -> ErrorResponse:
    """Who may not is told no more than who is nobody. What nobody foresaw has one sentence, and its cause is logged."""
    match error:
        case CrossSite():
            return ErrorResponse(HTTPStatus.FORBIDDEN, FORBIDDEN)
        case PermissionDenied() | NotAuthenticated() | AuthenticationFailed():
            return ErrorResponse(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
        case _:
            found = error_response_for(error, view)
    if found is None:
        log.error("%s failed", view.action, exc_info=error)
        return ErrorResponse(
            HTTPStatus.INTERNAL_SERVER_ERROR, view.failures.get(view.action, WORDS[HTTPStatus.INTERNAL_SERVER_ERROR])
        )
    return found


class AdminKeyScheme(OpenApiAuthenticationExtension):
    target_class = AdminKeyAuthentication
    name = "admin_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        told = "The installation's ADMIN_KEY, or a super admin's access token."
        return {"type": "apiKey", "in": "header", "name": "x-admin-key", "description": told}


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
