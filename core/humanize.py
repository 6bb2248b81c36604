"""Format counts, durations and values of choices for people."""

_STEPS = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]
_ACRONYMS = ("OIDC", "SAML", "SPA")


def how_many(count: int, noun: str) -> str:
    """Format a count, such as `1 session` or `2,000 sessions`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def how_long(seconds: float) -> str:
    """Format a duration in the largest unit that divides it, such as `7 days` or `90 minutes`."""
    size, noun = next((size, noun) for size, noun in _STEPS if seconds % size == 0 or size == 1)
    return how_many(int(seconds // size), noun)


def label_of(value: str) -> str:
    """Format a value of a choice, such as `Tenant admin` for `tenant_admin`."""
    return value if value in _ACRONYMS else value.replace("_", " ").capitalize()
