"""Requests to the admin tokens API, and checks of the parts that all its responses share."""

from typing import Any

from django.conf import settings

from tests.world import Caller

SESSIONS = "/api/admin/tokens/sessions"
REVOKE = "/api/admin/tokens/revoke"
CLEAN_UP = "/api/cron/cleanup-admin-sessions"
KEY, SECRET = settings.ADMIN_KEY, settings.CRON_SECRET
COOKIE, ORIGINAL_COOKIE = "curfew_session", "oooc-admin-auth"
TRUNCATED = "Sessions-Truncated"
SESSION = {"jti", "iat", "exp", "v", "tv", "ip", "ua", "status"}
NOT_FOUND = "Session not found or invalid jti"
NOT_KEPT = {
    "Cache-Control": "private, no-store, no-cache, max-age=0, must-revalidate, proxy-revalidate",
    "Pragma": "no-cache",
    "Expires": "0",
}


class ByKey(Caller):
    """Whoever has the key that the operator keeps in the environment."""

    key_sent: str = KEY

    def request(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        headers = {"X-Admin-Key": self.key_sent} | extra.pop("headers", {})
        return super().request(method, path, body, headers=headers, **extra)


def by_key(key: str = KEY, **who: Any) -> ByKey:
    caller = ByKey(**who)
    caller.key_sent = key
    return caller


def data_of(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    not_kept(answer)
    return answer.json()


def refused(answer: Any, status: int = 401) -> str:
    assert answer.status_code == status, answer.content
    assert answer.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    not_kept(answer)
    body = answer.json()
    assert body.keys() == {"success", "error"}
    assert body["success"] is False
    return body["error"]


def not_kept(answer: Any) -> None:
    assert answer["Content-Type"] == "application/json"
    assert {name: answer[name] for name in NOT_KEPT} == NOT_KEPT


def listed(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    body = data_of(caller.get(f"{SESSIONS}{query}"))
    assert body.keys() == {"success", "count", "sessions", "currentTokenVersion", "now"}
    assert (body["success"], body["count"]) == (True, len(body["sessions"]))
    assert all(each.keys() == SESSION for each in body["sessions"])
    assert all(each["v"] == each["tv"] for each in body["sessions"])
    assert {type(body[name]) for name in ("count", "currentTokenVersion", "now")} == {int}
    return body["sessions"]


def handles(caller: Caller, query: str = "") -> list[str]:
    return [each["jti"] for each in listed(caller, query)]


def statuses(caller: Caller) -> dict[str, tuple[str, int]]:
    """What became of each session of an administrator, and the version it has."""
    return {each["jti"]: (each["status"], each["v"]) for each in listed(caller, "?status=all")}


def version(caller: Caller) -> int:
    return data_of(caller.get(SESSIONS))["currentTokenVersion"]


def browser(caller: Caller, cookie: str = COOKIE) -> Caller:
    """The same session, in a browser that has nothing but its cookie."""
    found = Caller(session=caller.session)
    found.http.cookies[cookie] = caller.key
    return found


def drops_cookie(answer: Any, name: str = COOKIE) -> bool:
    """Does the browser forget it? Only if it is told so with the attributes that it was set with."""
    if name not in answer.cookies:
        return False
    morsel = answer.cookies[name]
    attributes = ("max-age", "path", "domain", "samesite", "httponly", "secure")
    assert [morsel[each] for each in attributes] == [0, "/", "", "Lax", True, ""]
    return morsel.value == ""
