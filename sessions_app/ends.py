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
    """Of a row of `SessionState`."""
    pending, revocation_id = row["pending_revocation"], row["revocation_id"]
    if row["state"] == State.LIVE:
        return End(revocation_id=revocation_id)
    if row["revoked_at"]:
        return End(row["revoked_at"], row["revoked_by"], row["revoke_reason"], revocation_id)
    if pending:
        return End(datetime.fromisoformat(pending["at"]), pending["by"], pending["reason"], UUID(pending["id"]))
    if row["state"] == State.EXPIRED:
        reason = EXPIRED if row["expires_at"] == row["times_out_at"] else IDLE
        return End(row["times_out_at"], CLOCK, reason, revocation_id)
    return End(revocation_id=revocation_id)
