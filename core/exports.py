"""Files that are made while they are sent, however long they are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, QueryDict, StreamingHttpResponse

from core.access import Principal
from core.spreadsheets import LINES
from core.throttling import a_turn

AT_ONCE = 2  # of one operator: each takes a thread and a connection until it is through
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


class Stream:
    """Lines, and whoever's turn it is until the last one is sent or the browser is gone."""

    def __init__(self, lines: Iterable[str], turn: ExitStack) -> None:
        self.lines, self.turn = lines, turn

    def __iter__(self) -> Iterator[str]:
        with self.turn:
            yield from self.lines

    def close(self) -> None:
        self.turn.close()


def format_in(said: QueryDict) -> str:
    if said.get("format") not in LINES:
        raise SuspiciousOperation("no such format")
    return str(said["format"])


def download(
    rows: Callable[[], Iterable[dict[str, Any]]], columns: Sequence[str], name: str, file_format: str, me: Principal
) -> HttpResponse:
    """`rows` is called once it is their turn."""
    with ExitStack() as turn:
        turn.enter_context(a_turn(AT_ONCE, f"export {me.id}"))
        lines = LINES[file_format](rows(), columns)
        answer: Any = StreamingHttpResponse(Stream(lines, turn.pop_all()), content_type=TYPES[file_format])
    file = f"{name}-{datetime.now(UTC):%Y-%m-%d}.{file_format}"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
