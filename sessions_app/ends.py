"""When a session ended, by whom, why and by what: as its row says, or as it is going to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.models import State
from sessions_app.operations.ending import CLOCK, EXPIRED, IDLE


@dataclass(frozen=True, slots=True)
class End:
    at: datetime | None = None
    by: str | None = None
    reason: str | None = None
    revocation_id: UUID | None = None


def end_of(row: Mapping[str, Any]) -> End:
    """Of a row that was asked for `with_end`."""
    felled, revocation_id = row["felled_by"], row["revocation_id"]
    if row["state"] == State.LIVE:
        return End(revocation_id=revocation_id)
    if row["revoked_at"]:
        return End(row["revoked_at"], row["revoked_by"], row["revoke_reason"], revocation_id)
    if felled:
        return End(datetime.fromisoformat(felled["at"]), felled["by"], felled["reason"], UUID(felled["id"]))
    if row["state"] == State.EXPIRED:
        idle_from = row["last_activity_at"] + row["idle_limit"]
        reason = EXPIRED if row["expires_at"] <= idle_from else IDLE
        return End(min(row["expires_at"], idle_from), CLOCK, reason, revocation_id)
    return End(revocation_id=revocation_id)
