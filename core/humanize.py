"""Format counts and durations for people."""

_STEPS = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]


def how_many(count: int, noun: str) -> str:
    """Format a count, such as `1 session` or `2,000 sessions`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def how_long(seconds: float) -> str:
    """Format a duration in the largest unit that divides it, such as `7 days` or `90 minutes`."""
    size, noun = next((size, noun) for size, noun in _STEPS if seconds % size == 0 or size == 1)
    return how_many(int(seconds // size), noun)
