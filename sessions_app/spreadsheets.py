"""Rows as files that other programs open: CSV as RFC 4180 has it, and JSON line by line."""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson

# A cell that begins so is a formula to a spreadsheet, and a user agent is whatever its owner wrote.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Writable(Protocol):
    def write(self, text: str, /) -> object: ...


def write_csv(rows: Iterable[dict[str, Any]], columns: Sequence[str], out: Writable) -> None:
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])


def write_jsonl(rows: Iterable[dict[str, Any]], columns: Sequence[str], out: Writable) -> None:
    for row in rows:
        out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE).decode())


WRITERS: dict[str, Callable[[Iterable[dict[str, Any]], Sequence[str], Writable], None]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
}


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text
