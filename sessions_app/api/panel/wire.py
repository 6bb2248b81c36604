"""The panel's manner: how it shows a session, whom it lets in how often, and its words for what it refuses."""

import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.operations.keys import API_KEY_START
from accounts.operations.pace import TooFast, count_request_of
from core.access import Origin, Principal
from core.dialect import WORDS
from core.ids import Prefix, show
from core.moments import milliseconds, to_the_millisecond
from core.refusals import refusal_of
from core.request import ORIGIN
from core.secrets import keys_for
from core.v1 import Invalid
from sessions_app import session_keys
from sessions_app.api.panel import user_agents
from sessions_app.api.panel.paging import Page
from sessions_app.api.panel.serializers import UNKNOWN
from sessions_app.authentication import BearerAuthentication, principal_of

AUTHENTICATION_REQUIRED, INVALID_KEY = "Authentication required", "Invalid API key"
INVALID_QUERY = "Query validation failed"
COLUMNS = (
    *("id", "user_id", "created_at", "expires_at", "last_activity_at"),
    *("ip_address", "user_agent", "browser", "os", "device_type"),
)


class MissingToken(Exception):
    """The path ends where it should name a session."""


ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    MissingToken: (HTTPStatus.BAD_REQUEST, "Missing session token"),
    AuthenticationFailed: (HTTPStatus.UNAUTHORIZED, INVALID_KEY),
    NotAuthenticated: (HTTPStatus.UNAUTHORIZED, AUTHENTICATION_REQUIRED),
}


class ApiKeyAuthentication(BaseAuthentication):
    """An API key in a header of its own. One that is wrong is not made up for by anything else."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        key = request.headers.get("X-Api-Key", "").strip()
        if not key:
            return None
        principal = principal_of(key, request.META[ORIGIN]) if key.startswith(API_KEY_START) else None
        if principal is None:
            raise AuthenticationFailed
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenAuthentication(BearerAuthentication):
    """An access token or an API key. A session's own key belongs into the cookie, and nowhere else."""

    def principal(self, credential: str, origin: Origin) -> Principal | None:
        return None if credential.startswith(session_keys.START) else super().principal(credential, origin)


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "api_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "An API key of a person's."}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "account_token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An access token, or an API key."}


class Pace(BaseThrottle):
    """So many requests of one person in a while, by whatever credentials and to whichever process."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limit, window = settings.PANEL_RATE_LIMIT, timedelta(seconds=settings.PANEL_RATE_WINDOW)
        if not limit:
            return True
        try:
            count_request_of(f"panel {view.principal.id}", limit, window)
        except TooFast as refusal:
            raise Throttled(wait=refusal.retry_after) from refusal
        return True


def page(rows: list[Any], current: UUID | None, *, page: Page, total: int) -> dict[str, Any]:
    pages = {"page": page.number, "perPage": page.limit, "total": total, "totalPages": -(-total // page.limit)}
    return {
        "data": [session(row, current) for row in rows],
        "currentToken": show(Prefix.SESSION, current) if current else None,
        "pagination": pages,
    }


def session(row: Mapping[str, Any], current: UUID | None) -> dict[str, Any]:
    agent = user_agents.describe(row["user_agent"])
    return {
        "token": show(Prefix.SESSION, row["id"]),
        "issuedAt": to_the_millisecond(row["created_at"]),
        "expiresAt": to_the_millisecond(row["expires_at"]),
        "expiresAtTimestamp": milliseconds(row["expires_at"]),
        "isCurrent": row["id"] == current,
        "ipAddress": row["ip_address"] or UNKNOWN,
        "userAgent": row["user_agent"] or UNKNOWN,
        "browser": agent.browser,
        "os": agent.os,
        "device": agent.device,
        "lastSeenAt": to_the_millisecond(row["last_activity_at"]),
        "firstSeenAt": to_the_millisecond(row["created_at"]),
        "fingerprint": fingerprint(row),
    }


def fingerprint(row: Mapping[str, Any]) -> str:
    """Keyed: nobody can tell from it that somebody else has the same browser, nor find it out by trying."""
    told = json.dumps([row["user_id"].hex, row["browser"], row["os"], row["device_type"]])
    return f"fp_{hmac.digest(next(keys_for('fingerprint')), told.encode(), 'sha256').hex()[:12]}"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    request = context["request"]
    if isinstance(error, Invalid):
        return Response(invalid(request, error), status=HTTPStatus.BAD_REQUEST)
    refusal = refusal_of(error, context["view"])
    if refusal is None:
        return None
    return Response(body(request, refusal.status, refusal.words), status=refusal.status, headers=refusal.headers)


def error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """For what is refused before any view is found."""
    return JsonResponse(body(request, status, WORDS.get(status, status.phrase)), status=status)


def invalid(request: Request, error: Invalid) -> dict[str, Any]:
    errors = [{"field": flaw["loc"][-1], "message": flaw["msg"]} for flaw in error.errors]
    data = {"message": INVALID_QUERY, "statusCode": HTTPStatus.BAD_REQUEST.value, "data": {"errors": errors}}
    told = body(request, HTTPStatus.BAD_REQUEST, INVALID_QUERY)
    return told | {"statusMessage": "Validation Error", "data": data}


def body(request: Request | HttpRequest, status: HTTPStatus, words: str) -> dict[str, Any]:
    """The path without its query: whatever somebody put there by mistake is not sent back."""
    return {
        "error": True,
        "url": request.path,
        "statusCode": status.value,
        "statusMessage": status.phrase,
        "message": words,
    }
