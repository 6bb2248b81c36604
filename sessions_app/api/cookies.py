"""The session cookie, which holds a session key. Scripts cannot read it, and other sites' forms do not send it.

Only dialects that check where a request comes from accept it; v1 ignores it.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.crypto import InvalidCredential
from sessions_app.operations import SignedIn
from sessions_app.session_keys import SessionKey


def name() -> str:
    """Return the cookie's name. With TLS, its prefix makes browsers accept it from this host only."""
    return "__Host-curfew_session" if settings.SESSION_COOKIE_SECURE else "curfew_session"


def key_in(request: HttpRequest) -> str | None:
    return request.COOKIES.get(name()) or None


def is_of(session_id: UUID, request: HttpRequest) -> bool:
    try:
        return SessionKey.read(key_in(request) or "").session_id == session_id
    except InvalidCredential:
        return False


def set_cookie(response: HttpResponse, signed_in: SignedIn) -> None:
    """Set the cookie for the session's maximum lifetime."""
    response.set_cookie(name(), signed_in.key, max_age=signed_in.lifetime, **_safely())


def drop_cookie(response: HttpResponse, other_name: str | None = None) -> None:
    """Have the browser forget the session cookie, or a cookie of another name that is used for it."""
    response.set_cookie(other_name or name(), "", max_age=0, **_safely())


def _safely() -> dict[str, Any]:
    return {"secure": settings.SESSION_COOKIE_SECURE, "httponly": True, "samesite": "Lax"}
