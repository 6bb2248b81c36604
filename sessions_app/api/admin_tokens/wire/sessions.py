"""Represent an administrator's session."""

from collections.abc import Mapping
from typing import Any

from core.ids import Prefix, encode_id
from core.timestamps import seconds
from sessions_app.models import RevocationScope, State
from sessions_app.reads.admin_sessions import AdminSessionList

UNKNOWN = "unknown"
TRUNCATED = "Sessions-Truncated"


def session_list(listing: AdminSessionList) -> dict[str, Any]:
    return {
        "success": True,
        "count": listing.count,
        "sessions": [session(row, listing) for row in listing.sessions],
        "currentTokenVersion": listing.token_version,
        "now": seconds(listing.at),
    }


def session(row: Mapping[str, Any], listing: AdminSessionList) -> dict[str, Any]:
    return {
        "jti": encode_id(Prefix.SESSION, row["id"]),
        "iat": seconds(row["created_at"]),
        "exp": seconds(expiry(row)),
        "v": row["token_version"],
        "tv": row["token_version"],
        "ip": row["ip_address"] or UNKNOWN,
        "ua": row["user_agent"] or UNKNOWN,
        "status": status(row, listing),
    }


def expiry(row: Mapping[str, Any]) -> Any:
    """Return when the session expires, or when it timed out."""
    return row["times_out_at"] if row["state"] == State.EXPIRED else row["expires_at"]


def status(row: Mapping[str, Any], listing: AdminSessionList) -> str:
    """Return the status. A session that is past its expiry is expired, whatever ended it."""
    if row["state"] == State.EXPIRED or row["expires_at"] <= listing.at:
        return "expired"
    if row["state"] == State.LIVE:
        return "active"
    scope = row["ended_by"] or (row["pending_revocation"] or {}).get("reach")
    return "invalidated" if scope == RevocationScope.ADMINS else "revoked"
