"""Parse and format durations such as 45s, 30m, 12h, 7d and 2w."""

import re
from datetime import timedelta

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST = timedelta(weeks=5_000)  # so that the result of a subtraction is a valid date
_PATTERN = re.compile(r"([0-9]{1,9})([smhdw])")


def read(text: str) -> timedelta:
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; use a form such as 30m, 12h or 7d")
    length = timedelta(seconds=int(match[1]) * UNITS[match[2]])
    if length > LONGEST:
        raise ValueError(f"{text} is too long; the maximum is 5000w")
    return length


def show(length: timedelta) -> str:
    """Format a duration in the largest unit that divides it, so that equal durations look the same."""
    seconds = int(length.total_seconds())
    unit = next(unit for unit, size in UNITS.items() if seconds % size == 0)
    return f"{seconds // UNITS[unit]}{unit}" if seconds else "0s"
