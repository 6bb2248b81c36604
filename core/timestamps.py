"""Timestamps in the formats of other systems."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def seconds(moment: datetime) -> int:
    return milliseconds(moment) // 1000


def to_the_millisecond(moment: datetime) -> str:
    """Format a time as JavaScript does: `2026-02-28T10:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
