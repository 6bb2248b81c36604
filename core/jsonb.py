"""JSON as PostgreSQL's jsonb stores it."""

import json
from collections.abc import Callable
from typing import Any

import orjson

MAX_EXACT_INTEGER = 2**53 - 1  # beyond it, readers of JSON differ about a number (RFC 8259, section 6)


def normalize(value: Any) -> Any:
    """Return a value as jsonb stores it: numbers without a fraction are integers, and -0.0 has no sign."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: normalize(each) for name, each in value.items()}
        case list() | tuple():
            return [normalize(each) for each in value]
        case _:
            return value


def dumps(value: Any, *, default: Callable[[Any], Any] | None = None, option: int = 0) -> bytes:
    """Serialise with orjson, or else with json, which also takes integers beyond 64 bits and deep nesting."""
    try:
        return orjson.dumps(value, default=default, option=option)
    except orjson.JSONEncodeError:

        def plain(leaf: Any) -> Any:
            return orjson.loads(orjson.dumps(leaf, default=default, option=option))

        is_sorted = bool(option & orjson.OPT_SORT_KEYS)
        text = json.dumps(value, default=plain, sort_keys=is_sorted, ensure_ascii=False, separators=(",", ":"))
        return text.encode()
