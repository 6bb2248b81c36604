"""Who is asking: a session's access token, a platform token, or an API key; each decided by one SQL."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import operations as accounts
from accounts import tokens
from accounts.operations.keys import API_KEY_START
from accounts.queries import holder_of_api_key, holder_of_platform_token
from core.access import Origin, Principal
from core.request import ORIGIN
from sessions_app import operations
from sessions_app.queries import holder_of


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, credential = header.partition(" ")
        principal = principal_of(credential, request.META[ORIGIN]) if scheme.lower() == "bearer" else None
        if principal is None:
            raise AuthenticationFailed
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def principal_of(credential: str, origin: Origin) -> Principal | None:
    if credential.startswith(API_KEY_START):
        return _api_key(credential, origin)
    try:
        claims = tokens.verify(credential)
    except tokens.InvalidToken:
        return None
    if isinstance(claims, tokens.PlatformClaims):
        return holder_of_platform_token(claims, origin=origin)
    holder = holder_of(claims, origin=origin)
    if holder is None:
        return None
    if holder.is_stale:
        operations.touch(claims.session_id, origin=origin)
    return holder.principal


def _api_key(secret: str, origin: Origin) -> Principal | None:
    found = holder_of_api_key(secret, origin=origin)
    if found is None:
        return None
    principal, key_id, is_stale = found
    if is_stale:
        accounts.note_key_use(key_id)
    return principal


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of a session, a platform token, or an API key.",
        }
