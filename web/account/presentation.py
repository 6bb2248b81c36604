"""How a page shows a session to its user."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.humanize import how_many
from sessions_app.models import SessionState

_STEPS = [(timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")]

NAMES = {"Chrome Mobile": "Chrome", "Mac OS X": "macOS"}  # of the parser of user agents, for people


@dataclass(frozen=True)
class SessionRow:
    """One row of the list."""

    id: str
    device: str
    kind: str
    location: str
    address: str
    seen: str
    since: datetime
    is_current: bool


def session_row(session: SessionState, now: datetime) -> SessionRow:
    return SessionRow(
        id=session.handle,
        device=device_of(session),
        kind=session.device_type if session.device_type in ("mobile", "tablet") else "desktop",
        location=session.location,
        address=session.last_ip_address or session.ip_address or "",
        seen=ago(now - session.last_activity_at),
        since=session.created_at,
        is_current=bool(getattr(session, "is_current", False)),
    )


def device_of(session: SessionState) -> str:
    """`Firefox on Linux`, or the part of it that is known."""
    names = (NAMES.get(each, each) for each in (session.browser, session.os))
    known = [each for each in names if each and each != "Other"]
    return " on ".join(known) or "Unknown device"


def ago(passed: timedelta) -> str:
    for step, name in _STEPS:
        number = passed // step
        if number >= 1:
            return f"{how_many(number, name)} ago"
    return "just now"


def ink_on(colour: str) -> str:
    """Black or white, whichever has the better contrast on a colour, by WCAG's luminance."""
    levels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    luminance = sum(part * share for part, share in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
    return "#000000" if luminance > 0.179 else "#ffffff"
