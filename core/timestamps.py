"""Moments as other systems write them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Since 1970, and nothing rounded up: what is told has come."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def seconds(moment: datetime) -> int:
    return milliseconds(moment) // 1000


def to_the_millisecond(moment: datetime) -> str:
    """2026-02-28T10:30:00.000Z, as JavaScript writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
