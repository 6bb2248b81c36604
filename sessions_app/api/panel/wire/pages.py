"""Parse the page parameters. Numbers are read as JavaScript does, since its clients may send `1.0` or `1e1`."""

import math
import re
from dataclasses import dataclass
from typing import Any

from core.api.pagination import query_values
from core.api.v1 import ValidationFailed, error_item

PER_PAGE, MAX_PER_PAGE = 50, 100
LAST_PAGE = 2**53 - 1  # JavaScript's largest safe integer
MAX_OFFSET = 2**31  # rows that may be skipped, within the database's range
PARAMETERS: dict[str, dict[str, Any]] = {
    "page": {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1},
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": PER_PAGE},
}
_BLANK = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_WITH_BASE = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Page:
    number: float
    limit: int
    start: int

    @classmethod
    def parse(cls, query: str) -> "Page":
        """Parse the query. A fractional page number is valid, as in the original, if the page starts at a whole row."""
        values = query_values(query, {*PARAMETERS})
        number, limit = (_bounded(name, values.get(name)) for name in PARAMETERS)
        start = (number - 1) * limit
        for name, value in {"limit": limit, "page": start}.items():
            if not value.is_integer():
                raise ValidationFailed(error_item(("query", name), "Input should be a valid integer", "int_from_float"))
        return cls(int(number) if number.is_integer() else number, int(limit), min(int(start), MAX_OFFSET))


def parse_number(text: str) -> float:
    """Convert text to a number as JavaScript's `Number()` does, except that infinity becomes NaN."""
    text = text.strip(_BLANK)
    if not text:
        return 0
    if _WITH_BASE.fullmatch(text):
        return min(int(text, 0), 2.0**53)
    return float(text) if _DECIMAL.fullmatch(text) else math.nan


def _bounded(name: str, text: str | None) -> float:
    schema, where = PARAMETERS[name], ("query", name)
    value = float(schema["default"] if text is None else parse_number(text))
    if math.isnan(value):
        raise ValidationFailed(error_item(where, "Input should be a valid number", "float_parsing"))
    if value < schema["minimum"]:
        raise ValidationFailed(
            error_item(where, f"Input should be greater than or equal to {schema['minimum']}", "greater_than_equal")
        )
    if value > schema["maximum"]:
        raise ValidationFailed(
            error_item(where, f"Input should be less than or equal to {schema['maximum']}", "less_than_equal")
        )
    return value
