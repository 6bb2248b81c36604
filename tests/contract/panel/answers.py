"""Requests to the panel API, and checks of the parts that all its responses share."""

import re
from datetime import UTC, datetime
from typing import Any

from tests.world import Caller, World

SESSIONS = "/api/account/sessions"
COUNT = f"{SESSIONS}/count"
COOKIE = "curfew_session"
SESSION = {
    "token",
    "issuedAt",
    "expiresAt",
    "expiresAtTimestamp",
    "isCurrent",
    "ipAddress",
    "userAgent",
    "browser",
    "os",
    "device",
    "lastSeenAt",
    "firstSeenAt",
    "fingerprint",
}
ERROR = {"error", "url", "statusCode", "statusMessage", "message"}
SIGN_IN = "Authentication required"
WRONG_KEY = "Invalid API key"
NOT_FOUND = "Session not found or failed to revoke"


def data_of(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert {"Authorization", "Cookie", "X-Api-Key"} <= set(answer["Vary"].split(", "))
    return answer.json()


def refused(answer: Any, status: int = 401) -> str:
    """The words of a refusal, in the shape that all of the panel's errors have."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    body = answer.json()
    assert body.keys() - {"data"} == ERROR
    assert (body["error"], body["statusCode"], body["url"]) == (True, status, answer.wsgi_request.path)
    return body["message"]


def drops_cookie(answer: Any, name: str = COOKIE) -> bool:
    """Does the browser forget it? Only if it is told so with the attributes that it was set with."""
    if name not in answer.cookies:
        return False
    morsel = answer.cookies[name]
    attributes = ("max-age", "path", "domain", "samesite", "httponly", "secure")
    assert [morsel[each] for each in attributes] == [0, "/", "", "Lax", True, ""]
    return morsel.value == ""


def page(caller: Caller, query: str = "", **extra: Any) -> tuple[list[Any], str | None, dict[str, int]]:
    body = data_of(caller.get(f"{SESSIONS}{query}", **extra))
    assert body.keys() == {"data", "currentToken", "pagination"}
    assert body["pagination"].keys() == {"page", "perPage", "total", "totalPages"}
    assert all(row.keys() == SESSION for row in body["data"])
    return body["data"], body["currentToken"], body["pagination"]


def tokens(caller: Caller, query: str = "") -> list[str]:
    return [row["token"] for row in page(caller, query)[0]]


def browser(caller: Caller) -> Caller:
    """The same session, in a browser that has nothing but its cookie."""
    found = Caller(session=caller.session)
    found.http.cookies[COOKIE] = caller.key
    return found


def again(world: World, caller: Caller, **origin: Any) -> Caller:
    """One more session of the same person."""
    return world.signed_in(caller.user, **origin)


def when(text: str) -> datetime:
    """A moment to the millisecond, in UTC."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
