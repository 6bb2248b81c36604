"""Requests to the edge API, and its responses."""

from typing import Any
from urllib.parse import urlencode

from tests.world import PASSWORD, Caller, World

PATH = "/edge/management/v1"
SESSIONS, IDENTITIES = f"{PATH}/api-sessions", f"{PATH}/identities"
CURRENT = f"{PATH}/current-api-session"
AUTHENTICATE = f"{PATH}/authenticate?method=password"
ERROR_META = {"apiEnrollmentVersion": "0.0.1", "apiVersion": "0.0.1"}


def list_body(caller: Caller, filter: str | None = None, *, path: str = SESSIONS, **parameters: Any) -> Any:  # noqa: A002 - the parameter's own name
    """The whole answer to a list that must succeed."""
    answer = list_response(caller, filter, path=path, **parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()


def list_response(caller: Caller, filter: str | None = None, *, path: str = SESSIONS, **parameters: Any) -> Any:  # noqa: A002 - the parameter's own name
    query = parameters if filter is None else {"filter": filter, **parameters}
    return caller.get(f"{path}?{urlencode(query)}")


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer["data"]]


def error(answer: Any, status: int) -> dict[str, Any]:
    """The error in an answer, once everything around it has been looked at."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"error", "meta"}
    assert body["meta"] == ERROR_META
    assert body["error"]["requestId"] == answer["X-Request-ID"]
    return {name: value for name, value in body["error"].items() if name != "requestId"}


def filter_error(answer: Any, code: str = "INVALID_FILTER") -> str:
    """Why a filter was refused."""
    told = error(answer, 400)
    assert told["code"] == code
    assert told["cause"] == {"code": "UNHANDLED", "message": told["causeMessage"]}
    return told["causeMessage"]


def with_session_key(user: Any, world: World) -> "SessionKeyCaller":
    """Sign in as a client that sends the session key, as the clients of the edge API do."""
    signed_in = world.signed_in(user)
    return SessionKeyCaller(signed_in.key, signed_in.session)


class SessionKeyCaller(Caller):
    def request(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        headers = {"zt-session": self.token} | extra.pop("headers", {})
        return Caller(http=self.http).request(method, path, body, headers=headers, **extra)


def sign_in(email: str, password: str = PASSWORD, **more: Any) -> Any:
    return Caller().post(AUTHENTICATE, {"username": email, "password": password, **more})
