"""Numbers as sentences say them."""

_STEPS = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]


def how_many(count: int, noun: str) -> str:
    """`1 session`, `2,000 sessions`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def how_long(seconds: float) -> str:
    """`7 days`, `90 minutes`: in the largest unit of which it is a whole number."""
    size, noun = next((size, noun) for size, noun in _STEPS if seconds % size == 0 or size == 1)
    return how_many(int(seconds // size), noun)
