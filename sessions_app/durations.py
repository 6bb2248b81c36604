"""Lengths of time as operators write them: 45s, 30m, 12h, 7d, 2w."""

import re
from datetime import timedelta

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST = timedelta(weeks=5_000)  # the calendar has room for it, whatever day it is
_WRITTEN = re.compile(r"([0-9]{1,9})([smhdw])")


def read(text: str) -> timedelta:
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise ValueError(f"{text!r} is not a duration; use a form such as 30m, 12h or 7d")
    length = timedelta(seconds=int(written[1]) * UNITS[written[2]])
    if length > LONGEST:
        raise ValueError(f"{text} is too long; the maximum is 5000w")
    return length


def show(length: timedelta) -> str:
    """In the largest unit that it fills without a rest: the same length is always written the same."""
    seconds = int(length.total_seconds())
    unit = next(unit for unit, size in UNITS.items() if seconds % size == 0)
    return f"{seconds // UNITS[unit]}{unit}" if seconds else "0s"
