"""The sessions of administrators of every tier, for super admins, who can revoke all of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import Now, TruncSecond

from core.access import Principal
from core.lookups import pk_in
from core.queries import fetch_for
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet
from tenancy.models import Platform, platform

MAX_SESSIONS = 10_000
COLUMNS = (
    *("id", "created_at", "expires_at", "last_activity_at", "times_out_at", "ip_address", "user_agent"),
    *("state", "pending_revocation", "ended_by", "token_version"),
)


@dataclass(frozen=True, slots=True)
class AdminSessionList:
    """The newest sessions, how many there are, and the token version at that moment."""

    sessions: list[dict[str, Any]]
    count: int
    token_version: int
    at: datetime

    @property
    def is_truncated(self) -> bool:
        return self.count > len(self.sessions)


def sessions_of_administrators(*, seen_by: Principal) -> SessionStateQuerySet:
    return SessionState.objects.visible_to(seen_by).in_scope(RevocationScope.ADMINS, None)


def list_admin_sessions(*, seen_by: Principal, with_ended: bool) -> AdminSessionList:
    """List the sessions in one statement, so that they match the current token version."""
    rows = fetch_for(seen_by, _rows, with_ended=with_ended, most=MAX_SESSIONS)
    if rows:
        return AdminSessionList(rows, rows[0]["count"], rows[0]["current"], rows[0]["at"])
    version, at = Platform.objects.values_list("token_version", Now()).get()
    return AdminSessionList([], 0, version, at)


def _rows(seen_by: Principal, *, with_ended: bool, most: int) -> Any:
    sessions = sessions_of_administrators(seen_by=seen_by)
    return _with_columns(sessions if with_ended else _live(sessions))[:most]


def _live(sessions: SessionStateQuerySet) -> SessionStateQuerySet:
    """Select unrevoked sessions first and check their state then, since they are few and a scan would check all."""
    return sessions.filter(pk_in(sessions.filter(revoked_at=None).values("pk"))).live()


def _with_columns(sessions: SessionStateQuerySet) -> Any:
    """Order by the second of creation, since responses have no smaller unit, and then by id, newest first."""
    rows = sessions.with_token_version().annotate(
        ended_by=F("revocation__reach"),
        count=Window(Count("*")),
        current=platform("token_version"),
        at=Now(),
    )
    return rows.order_by(TruncSecond("created_at").desc(), "-id").values(*COLUMNS, "count", "current", "at")
