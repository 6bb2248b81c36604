"""The sessions of administrators of every tier, as those look at them who can sign all of them out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import Now, TruncSecond

from core.access import Principal
from core.lookups import pk_in
from core.queries import fetch_for
from sessions_app.models import Reach, SessionState, SessionStateQuerySet
from tenancy.models import Platform, platform

MOST = 10_000
COLUMNS = (
    *("id", "created_at", "expires_at", "last_activity_at", "times_out_at", "ip_address", "user_agent"),
    *("state", "pending_revocation", "ended_by", "token_version"),
)


@dataclass(frozen=True, slots=True)
class AdminSessionList:
    """The newest of them, how many there are, and what held at that moment."""

    sessions: list[dict[str, Any]]
    count: int
    token_version: int
    at: datetime

    @property
    def is_truncated(self) -> bool:
        return self.count > len(self.sessions)


def sessions_of_administrators(*, seen_by: Principal) -> SessionStateQuerySet:
    return SessionState.objects.visible_to(seen_by).within(Reach.ADMINS, None)


def list_admin_sessions(*, seen_by: Principal, with_ended: bool) -> AdminSessionList:
    """In one statement, so that the sessions and the current version agree."""
    rows = fetch_for(seen_by, _rows, with_ended=with_ended, most=MOST)
    if rows:
        return AdminSessionList(rows, rows[0]["count"], rows[0]["current"], rows[0]["at"])
    version, at = Platform.objects.values_list("token_version", Now()).get()
    return AdminSessionList([], 0, version, at)


def _rows(seen_by: Principal, *, with_ended: bool, most: int) -> Any:
    theirs = sessions_of_administrators(seen_by=seen_by)
    return _told(theirs if with_ended else _live(theirs))[:most]


def _live(sessions: SessionStateQuerySet) -> SessionStateQuerySet:
    """Found first and judged then: they are few, and the rule is not asked of everybody's on the way to them."""
    return sessions.filter(pk_in(sessions.filter(revoked_at=None).values("pk"))).live()


def _told(sessions: SessionStateQuerySet) -> Any:
    """By the second they began in, and the last of a second first: what is told of them knows no smaller parts."""
    told = sessions.with_token_version().annotate(
        ended_by=F("revocation__reach"),
        count=Window(Count("*")),
        current=platform("token_version"),
        at=Now(),
    )
    return told.order_by(TruncSecond("created_at").desc(), "-id").values(*COLUMNS, "count", "current", "at")
