"""Ids: UUIDv7 in the database, and `ses_01j...` in the APIs.

The public form is a prefix and 26 characters of Crockford's base 32 in lower case, which sort in the order of creation.
"""

import secrets
import time
from enum import StrEnum
from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
NIL_ID = UUID(int=0)  # no row has it
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_LENGTH = 26
_LETTER = "[0-9a-hjkmnp-tv-z]"  # ALPHABET, as a regular expression
_PAIRS = [
    first + second for first in ALPHABET for second in ALPHABET
]  # two letters at a time, since a page has forty ids
_SHIFTS = range(120, -1, -10)


class Prefix(StrEnum):
    AGENT = "agt"
    API_KEY = "key"
    APPLICATION = "app"
    AUDIT_ENTRY = "aud"
    GROUP = "grp"
    IDENTITY_PROVIDER = "idp"
    PARTNER = "prt"
    REVOCATION = "rev"
    SESSION = "ses"
    TENANT = "tnt"
    USER = "usr"


def uuid7(at_milliseconds: int | None = None) -> UUID:
    """Return 48 bits of milliseconds, 12 bits of their fraction and 62 random bits (RFC 9562, method 3)."""
    now = time.time_ns() if at_milliseconds is None else at_milliseconds * 1_000_000
    milliseconds, rest = divmod(now, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return UUID(
        int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | secrets.randbits(62),
    )


def first_at(milliseconds: int) -> UUID:
    """Return the lowest id of a moment."""
    return UUID(int=min(max(milliseconds, 0), 2**48 - 1) << 80)


def encode_id(prefix: Prefix, value: UUID) -> str:
    number = value.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 0x3FF] for shift in _SHIFTS])}"


def pattern(prefix: Prefix) -> str:
    """Return the regular expression of a kind's public ids."""
    return f"^{prefix}_[0-7]{_LETTER}{{{_LENGTH - 1}}}$"


def decode_id(prefix: Prefix, text: str) -> UUID | None:
    """Parse a public id; None for anything that `encode_id` would not return."""
    head, _, letters = text.partition("_")
    if head != prefix or len(letters) != _LENGTH or letters[0] > "7":
        return None
    number = 0
    for letter in letters:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number * 32 + value
    return UUID(int=number)
