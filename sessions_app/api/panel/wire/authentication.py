"""The panel's authentication and rate limit."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.operations.keys import API_KEY_START
from accounts.operations.rate_limit import RateLimited, count_request_by
from core.access import Principal
from core.api.middleware import ORIGIN
from sessions_app.api.authentication import BearerAuthentication, Credential, principal_of
from sessions_app.session_keys import SessionKey


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticate by an API key in `X-Api-Key`. If it is wrong, no other credential is tried."""

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
    """An access token or an API key. A session key belongs in the cookie, and nowhere else."""

    def get_user(self, validated_token: Credential) -> Principal:  # type: ignore[override]  # as in the base class
        if isinstance(validated_token, SessionKey):
            raise AuthenticationFailed
        return super().get_user(validated_token)


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "api_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "A user's API key."}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "account_token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An access token or an API key."}


class RateThrottle(BaseThrottle):
    """Limit the requests of one user, across credentials and processes."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limit, window = settings.PANEL_RATE_LIMIT, timedelta(seconds=settings.PANEL_RATE_WINDOW)
        if not limit:
            return True
        try:
            count_request_by(f"panel {view.principal.id}", limit, window)
        except RateLimited as refusal:
            raise Throttled(wait=refusal.retry_after) from refusal
        return True
