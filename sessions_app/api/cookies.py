"""The session's key in a browser's cookie: out of reach of scripts, and not sent along from other sites.

Only the dialects that ask where a request comes from look at it; to v1 it is nothing.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.crypto import InvalidCredential
from sessions_app.operations import SignedIn
from sessions_app.session_keys import SessionKey


def name() -> str:
    """Over TLS the browser itself sees to it that nobody but this host sets it, and for all paths."""
    return "__Host-curfew_session" if settings.SESSION_COOKIE_SECURE else "curfew_session"


def key_in(request: HttpRequest) -> str | None:
    return request.COOKIES.get(name()) or None


def is_of(session_id: UUID, request: HttpRequest) -> bool:
    try:
        return SessionKey.read(key_in(request) or "").session_id == session_id
    except InvalidCredential:
        return False


def set_cookie(response: HttpResponse, made: SignedIn) -> None:
    """For as long as the session can last; it may well end before."""
    response.set_cookie(name(), made.key, max_age=made.lasts, **_safely())


def drop_cookie(response: HttpResponse, named: str | None = None) -> None:
    """Have the browser forget the session's cookie, or one of another name that stands for it."""
    response.set_cookie(named or name(), "", max_age=0, **_safely())


def _safely() -> dict[str, Any]:
    return {"secure": settings.SESSION_COOKIE_SECURE, "httponly": True, "samesite": "Lax"}
