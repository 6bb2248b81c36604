"""A session as an API session: the same row, in the controller's words."""

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


def flag(condition: Q | Exists) -> Case:
    """The condition as a value that JSON has: what is unknown is false."""
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
    mfa_complete=flag(mfa_complete()),
    mfa_required=flag(mfa_required()),
)


def session(row: Row) -> dict[str, Any]:
    """Show a session to whoever may list it. `token` is the handle, so nobody can take over a session that they list.
    The only thing that changes while a session is live is its last activity, so that is when it was updated."""
    handle, identity = encode_id(Prefix.SESSION, UUID(row["id"])), encode_id(Prefix.USER, UUID(row["user_id"]))
    seen_at = moment(row["seen_at"])
    return {
        "id": handle,
        "createdAt": moment(row["created_at"]),
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
    """Show a session to its own holder. `token` is the session key if the caller holds it, otherwise the handle."""
    until, now = datetime.fromisoformat(row["until"]), datetime.fromisoformat(row["now"])
    shown = session(row) | {"expiresAt": moment(row["until"]), "expirationSeconds": seconds_until(until, now)}
    return shown if key is None else shown | {"token": key}


def moment(text: str) -> str:
    return to_the_millisecond(datetime.fromisoformat(text))


def go_time(at: datetime) -> str:
    """As Go prints a time: `2026-01-31 12:00:00.5 +0000 UTC`."""
    at = at.astimezone(UTC)
    fraction = f".{at.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def seconds_until(moment: datetime, now: datetime) -> int:
    return max(0, int((moment - now).total_seconds()))
