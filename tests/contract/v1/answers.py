"""Checks of the parts that all v1 responses share."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
ME = "/api/v1/me"
WRONG = {"detail": "Wrong e-mail, password, code or tenant"}
CODE_MISSING = {"detail": "This account has MFA: send totp_code or recovery_code", "mfa_required": True}
ACCESS_DENIED = {"detail": "Access denied"}
NOT_AUTHENTICATED = {"detail": "Not authenticated"}


def data_of(answer: Any, status: int = 200) -> Any:
    """What a good answer holds; its envelope and headers are looked at on the way."""
    body = in_envelope(answer, status)
    assert body.keys() == {"data", "meta"}
    return body["data"]


def page(answer: Any) -> tuple[list[Any], dict[str, Any]]:
    """A page of a list, and what is said of where it is; the totals agree with each other on the way."""
    body = in_envelope(answer, 200)
    assert body.keys() == {"data", "pagination", "meta"}
    where = body["pagination"]
    assert where.keys() == {"page", "per_page", "total", "total_items", "total_pages", "next_cursor"}
    assert where["total"] == where["total_items"]
    assert where["total_pages"] == math.ceil(where["total"] / where["per_page"])
    assert len(body["data"]) <= where["per_page"]
    return body["data"], where


def ids(answer: Any) -> list[str]:
    """Of the whole of a list that fits on one page."""
    rows, where = page(answer)
    assert (where["page"], where["total"], where["next_cursor"]) == (1, len(rows), None)
    return [row["id"] for row in rows]


def in_envelope(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert "Authorization" in answer["Vary"]
    body = answer.json()
    assert body["meta"].keys() == {"request_id", "timestamp"}
    assert body["meta"]["request_id"] == answer["X-Request-ID"]
    assert abs(when(body["meta"]["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)
    return body


def refused(answer: Any, status: int = 401) -> Any:
    """The body of a refusal that no cache may keep."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert "Authorization" in answer["Vary"]
    assert answer.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    return answer.json()


def flaws(answer: Any) -> list[tuple[list[str], str, str]]:
    """Where, what and of which type a 422 says the request is wrong."""
    body = refused(answer, 422)
    assert body.keys() == {"detail"}
    assert all(flaw.keys() == {"loc", "msg", "type"} for flaw in body["detail"])
    return [(flaw["loc"], flaw["msg"], flaw["type"]) for flaw in body["detail"]]


def when(text: str) -> datetime:
    """A moment, told in UTC and saying so."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text)
