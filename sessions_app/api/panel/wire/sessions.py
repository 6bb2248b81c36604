"""Represent a session in the panel's format."""

import hmac
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.crypto import keys_for
from core.ids import Prefix, encode_id
from core.timestamps import milliseconds, to_the_millisecond
from sessions_app.api.panel.serializers import UNKNOWN
from sessions_app.api.panel.wire import user_agents
from sessions_app.api.panel.wire.pages import Page

COLUMNS = (
    *("id", "user_id", "created_at", "expires_at", "last_activity_at"),
    *("ip_address", "user_agent", "browser", "os", "device_type"),
)


def page(rows: list[Any], current: UUID | None, *, page: Page, total: int) -> dict[str, Any]:
    pages = {"page": page.number, "perPage": page.limit, "total": total, "totalPages": -(-total // page.limit)}
    return {
        "data": [session(row, current) for row in rows],
        "currentToken": encode_id(Prefix.SESSION, current) if current else None,
        "pagination": pages,
    }


def session(row: Mapping[str, Any], current: UUID | None) -> dict[str, Any]:
    agent = user_agents.describe(row["user_agent"])
    return {
        "token": encode_id(Prefix.SESSION, row["id"]),
        "issuedAt": to_the_millisecond(row["created_at"]),
        "expiresAt": to_the_millisecond(row["expires_at"]),
        "expiresAtTimestamp": milliseconds(row["expires_at"]),
        "isCurrent": row["id"] == current,
        "ipAddress": row["ip_address"] or UNKNOWN,
        "userAgent": row["user_agent"] or UNKNOWN,
        "browser": agent.browser,
        "os": agent.os,
        "device": agent.device,
        "lastSeenAt": to_the_millisecond(row["last_activity_at"]),
        "firstSeenAt": to_the_millisecond(row["created_at"]),
        "fingerprint": fingerprint(row),
    }


def fingerprint(row: Mapping[str, Any]) -> str:
    """Hash the user and the device with a key, so that equal browsers of different users cannot be recognised."""
    properties = json.dumps([row["user_id"].hex, row["browser"], row["os"], row["device_type"]])
    return f"fp_{hmac.digest(next(keys_for('fingerprint')), properties.encode(), 'sha256').hex()[:12]}"
