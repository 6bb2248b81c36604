"""Checks of what all v1 responses share, successful or not."""

import json
from typing import Any


def refused(answer: Any, status: int, case: object = "") -> Any:
    """A refusal of this status in v1's words, without a trace of how we are made. Its detail is handed back."""
    seen = f"{case}: {answer.status_code} {answer.content[:300]!r}"
    assert answer.status_code == status, seen
    assert answer.headers["Content-Type"] == "application/json", seen
    body = json.loads(answer.content)
    assert body.keys() == {"detail"}, seen
    assert "Traceback" not in str(body), seen
    if status == 422:
        assert body["detail"], seen
        assert all(flaw.keys() == {"loc", "msg", "type"} for flaw in body["detail"]), seen
    else:
        assert isinstance(body["detail"], str), seen
    return body["detail"]


def assert_error_at(answer: Any, place: list[str | int], case: object = "") -> None:
    """A 422 that points at `place`."""
    assert place in [flaw["loc"] for flaw in refused(answer, 422, case)], f"{case}: {answer.content[:300]!r}"


def comparable(answer: Any) -> tuple[int, str, bytes]:
    """An answer without what differs between any two: the request's id, the time, and how old things are by then."""
    body = answer.content
    if answer.headers["Content-Type"] == "application/json" and body:
        parsed = json.loads(body)
        if isinstance(parsed, dict):
            parsed.pop("meta", None)
            if isinstance(parsed.get("data"), dict):
                parsed["data"].pop("average_duration_seconds", None)
        body = json.dumps(parsed).encode()
    return answer.status_code, answer.headers["Content-Type"], body
