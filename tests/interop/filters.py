"""25 filters of the edge API with their meaning in Python, applied to the rows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.edge.mixed_sessions import nanoseconds

Row = dict[str, Any]
Test = Callable[[Row], bool]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def moment(hours: float) -> tuple[str, int]:
    """So long after the first of the rows, as the language has it and as a number."""
    at = NOON + timedelta(hours=hours)
    return f"datetime({at:%Y-%m-%dT%H:%M:%SZ})", nanoseconds(at)


def filters(rows: list[Row]) -> dict[str, Test]:
    one, two = rows[0]["id"], rows[-1]["id"]
    who = rows[len(rows) // 2]["identity"]
    (early, early_at), (late, late_at) = moment(1.5), moment(2.5)
    return {
        "true": lambda row: True,
        "false": lambda row: False,
        f'id = "{one}"': lambda row: row["id"] == one,
        f'id != "{one}"': lambda row: row["id"] != one,
        f'id in ["{one}", "{two}"]': lambda row: row["id"] in (one, two),
        f'id not in ["{one}", "{two}"]': lambda row: row["id"] not in (one, two),
        f'token = "{two}"': lambda row: row["id"] == two,
        f'identity = "{who}"': lambda row: row["identity"] == who,
        f'identity != "{who}" and id != "{one}"': lambda row: row["identity"] != who and row["id"] != one,
        'ipAddress = "192.0.2.7"': lambda row: row["ipAddress"] == "192.0.2.7",
        'ipAddress = ""': lambda row: row["ipAddress"] == "",
        'ipAddress contains "192.0.2"': lambda row: "192.0.2" in row["ipAddress"],
        'ipAddress not contains "192.0.2"': lambda row: "192.0.2" not in row["ipAddress"],
        'ipAddress icontains "DB8"': lambda row: "db8" in row["ipAddress"],
        'not (ipAddress contains ".")': lambda row: "." not in row["ipAddress"],
        f"createdAt > {early}": lambda row: row["createdAt"] > early_at,
        f"createdAt <= {early}": lambda row: row["createdAt"] <= early_at,
        f"lastActivityAt between {early} and {late}": lambda row: early_at <= row["lastActivityAt"] < late_at,
        "mfaComplete": lambda row: row["mfaComplete"],
        "mfaComplete = false and mfaRequired": lambda row: not row["mfaComplete"] and row["mfaRequired"],
        "isSystem": lambda row: False,
        'authenticator = "" and tags.place = null': lambda row: True,
        # Both bind to the right, and `not` takes all that follows.
        f'mfaComplete and ipAddress = "::1" or createdAt > {late}': lambda row: (
            row["mfaComplete"] and (row["ipAddress"] == "::1" or row["createdAt"] > late_at)
        ),
        f'(mfaComplete and ipAddress = "::1") or createdAt > {late}': lambda row: (
            (row["mfaComplete"] and row["ipAddress"] == "::1") or row["createdAt"] > late_at
        ),
        'not mfaComplete and ipAddress = "192.0.2.7"': lambda row: (
            not (row["mfaComplete"] and row["ipAddress"] == "192.0.2.7")
        ),
    }
