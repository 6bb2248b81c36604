"""Authentication by `zt-session` or Bearer, and the challenge in a 401."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from accounts import tokens
from core.access import Principal
from core.api.middleware import ORIGIN
from sessions_app import session_keys
from sessions_app.api.authentication import principal_of

_ZT, _BEARER = 'zt-session realm="zt-session"', 'Bearer realm="openziti-oidc"'
_MISSING = 'error="missing" error_description="no matching token was provided"'
_INVALID = 'error="invalid" error_description="token is invalid"'
_EXPIRED = 'error="expired" error_description="token expired"'
MISSING = f"{_ZT} {_MISSING},{_BEARER} {_MISSING}"


class WrongCredential(AuthenticationFailed):
    def __init__(self, challenge: str) -> None:
        super().__init__()
        self.challenge = challenge


class ZtSessionAuthentication(BaseAuthentication):
    """Authenticate by `zt-session` if it is sent, otherwise by Bearer. Both accept every kind of credential."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        if (credential_and_header := credential_of(request)) is None:
            return None
        credential, header = credential_and_header
        principal = principal_of(credential, request.META[ORIGIN])
        if principal is None:
            is_expired = header == _BEARER and has_expired(credential)
            raise WrongCredential(f"{header} {_EXPIRED if is_expired else _INVALID}")
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return MISSING


def credential_of(request: Request) -> tuple[str, str] | None:
    """Return the credential to check, and the challenge of the header that it came in."""
    if key := request.META.get("HTTP_ZT_SESSION", "").strip():
        return key, _ZT
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return (token, _BEARER) if scheme.lower() == "bearer" else None


def session_key_of(request: Request) -> str | None:
    """Return the session key that this request was authenticated with, or None if it has another kind of credential."""
    credential, _ = credential_of(request) or ("", "")
    return credential if credential.startswith(session_keys.START) else None


def has_expired(token: str) -> bool:
    try:
        tokens.verify(token)
    except tokens.Expired:
        return True
    except tokens.InvalidToken:
        return False
    return False


def challenge(error: Exception) -> str:
    """Return the value of `WWW-Authenticate`. It reports no error if the credential is valid but lacks permission."""
    match error:
        case WrongCredential():
            return error.challenge
        case NotAuthenticated():
            return MISSING
        case _:
            return _ZT


class ZtSessionScheme(OpenApiAuthenticationExtension):
    target_class = ZtSessionAuthentication
    name = ["ztSession", "oauth2"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        key = "A session key, from the `zt-session` header of `POST /authenticate`."
        return [
            {"type": "apiKey", "in": "header", "name": "zt-session", "description": key},
            {"type": "http", "scheme": "bearer", "description": "An access token of any kind, or an API key."},
        ]
