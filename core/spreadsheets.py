"""Format rows as CSV (RFC 4180) or JSON Lines."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson

from core.jsonb import dumps

# A spreadsheet executes a cell that starts like this, and anyone can choose a user agent.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Row = dict[str, Any]


class _Line:
    """A file for csv.writer that returns each line."""

    def write(self, text: str, /) -> str:
        return text


def csv_lines(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(row[column]) for column in columns])


def jsonl_lines(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    for row in rows:
        yield f"{_json(row)}\n"


LINES: dict[str, Callable[[Iterable[Row], Sequence[str]], Iterator[str]]] = {"csv": csv_lines, "jsonl": jsonl_lines}


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return _json(value).strip('"')
    if isinstance(value, dict | list):
        return _json(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _json(value: Any) -> str:
    return dumps(value, option=orjson.OPT_UTC_Z).decode()
