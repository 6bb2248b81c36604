"""What commands have in common when they talk with whoever runs them."""

import json
import sys
from typing import Any

from django.core.management.base import OutputWrapper
from tqdm import tqdm


def is_agreed(question: str) -> bool:
    """On standard error, since what is answered on standard output may be read by a program."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


def progress(total: int | None = None) -> "tqdm[Any]":
    """A bar, where there is a terminal to draw it on."""
    return tqdm(total=total, unit=" sessions", file=sys.stderr, disable=None, leave=False)


def write_json(out: OutputWrapper, answer: dict[str, Any]) -> None:
    out.write(json.dumps(answer, indent=2, default=str))


def some(count: int, more: str = "") -> str:
    return " ".join(filter(None, [f"{count:,}", more, "session" if count == 1 else "sessions"]))


def table(rows: dict[str, Any]) -> str:
    """Numbers to the right, so that they can be compared."""
    wide = max((len(f"{value:,}") for value in rows.values()), default=0)
    return "\n".join(f"  {value:>{wide},}  {name}" for name, value in rows.items())
