"""Represent a session as an API session of the edge controller."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, Q, Value, When
from django.db.models.functions import JSONObject, Now

from core.ids import Prefix, encode_id
from core.timestamps import to_the_millisecond
from sessions_app.api.edge.filters.api_sessions import address, mfa_complete, mfa_required

Row = Mapping[str, Any]


def as_boolean(condition: Q | Exists) -> Case:
    """Turn a condition into true or false, where null counts as false."""
    return Case(When(condition, then=Value(True)), default=Value(False))


SESSION_COLUMNS = JSONObject(
    id="id",
    user_id="user_id",
    name="user_email",
    created_at="created_at",
    seen_at="last_activity_at",
    until="times_out_at",
    now=Now(),
    address=address(),
    mfa_complete=as_boolean(mfa_complete()),
    mfa_required=as_boolean(mfa_required()),
)


def session(row: Row) -> dict[str, Any]:
    """Represent a session in a list. `token` is the session's ID and not a credential.

    The last activity is all that changes while a session is live, so it is also when the session was updated.
    """
    handle, identity = encode_id(Prefix.SESSION, UUID(row["id"])), encode_id(Prefix.USER, UUID(row["user_id"]))
    seen_at = timestamp(row["seen_at"])
    return {
        "id": handle,
        "createdAt": timestamp(row["created_at"]),
        "updatedAt": seen_at,
        "_links": {"self": {"href": f"./api-sessions/{handle}"}},
        "tags": {},
        "token": handle,
        "identityId": identity,
        "identity": {
            "entity": "identities",
            "id": identity,
            "name": row["name"],
            "_links": {"self": {"href": f"./identities/{identity}"}},
        },
        "ipAddress": row["address"],
        "configTypes": [],
        "authQueries": [],
        "isMfaRequired": row["mfa_required"],
        "isMfaComplete": row["mfa_complete"],
        "authenticatorId": "",
        "isCertExtendable": False,
        "lastActivityAt": seen_at,
        "cachedLastActivityAt": seen_at,
    }


def current_session(row: Row, key: str | None) -> dict[str, Any]:
    """Represent the caller's own session. `token` is the session key if the caller sent it, otherwise the ID."""
    until, now = datetime.fromisoformat(row["until"]), datetime.fromisoformat(row["now"])
    result = session(row) | {"expiresAt": timestamp(row["until"]), "expirationSeconds": seconds_until(until, now)}
    return result if key is None else result | {"token": key}


def timestamp(text: str) -> str:
    return to_the_millisecond(datetime.fromisoformat(text))


def go_time(at: datetime) -> str:
    """Format a time as Go does: `2026-01-31 12:00:00.5 +0000 UTC`."""
    at = at.astimezone(UTC)
    fraction = f".{at.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def seconds_until(timestamp: datetime, now: datetime) -> int:
    return max(0, int((timestamp - now).total_seconds()))
