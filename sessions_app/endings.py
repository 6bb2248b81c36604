"""When, why and by whom a session ended, whether its row has been marked yet or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.models import State
from sessions_app.operations.revocation import EXPIRED, EXPIRER_ID, IDLE


@dataclass(frozen=True, slots=True)
class Ending:
    at: datetime | None = None
    by: str | None = None
    reason: str | None = None
    revocation_id: UUID | None = None


def ending_of(row: Mapping[str, Any]) -> Ending:
    """Read the ending from a row of `SessionState`."""
    pending, revocation_id = row["pending_revocation"], row["revocation_id"]
    if row["state"] == State.LIVE:
        return Ending(revocation_id=revocation_id)
    if row["revoked_at"]:
        return Ending(row["revoked_at"], row["revoked_by"], row["revoke_reason"], revocation_id)
    if pending:
        return Ending(datetime.fromisoformat(pending["at"]), pending["by"], pending["reason"], UUID(pending["id"]))
    if row["state"] == State.EXPIRED:
        reason = EXPIRED if row["expires_at"] == row["times_out_at"] else IDLE
        return Ending(row["times_out_at"], EXPIRER_ID, reason, revocation_id)
    return Ending(revocation_id=revocation_id)
