"""Files that are made while they are sent, however long they are."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, QueryDict, StreamingHttpResponse

from core.access import Principal
from core.api.throttling import concurrency_limit
from core.spreadsheets import LINES

MAX_CONCURRENT = 2  # of one operator, in this process: each takes a thread and a connection until it is through
JUDGED = 1_000  # rows, between two looks at whether they are still to be given
BROKEN_OFF = "broken off: this is not all there is"
LAST_WORDS = {"csv": f"{BROKEN_OFF}\r\n", "jsonl": f'{{"error": "{BROKEN_OFF}"}}\n'}
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


log = logging.getLogger(__name__)


class AccessWithdrawn(Exception):
    """Whoever takes the file has been signed out while they did."""


class Stream:
    """Lines, and whoever's turn it is until the last one is sent or the browser is gone. By then it has long been said
    that all is well: what goes wrong now, only the last line can tell."""

    def __init__(self, lines: Iterable[str], last_words: str, turn: ExitStack) -> None:
        self.lines, self.last_words, self.turn = lines, last_words, turn

    def __iter__(self) -> Iterator[str]:
        with self.turn:
            try:
                yield from self.lines
            except AccessWithdrawn:
                yield self.last_words
            except Exception:
                log.exception("a file was broken off")
                yield self.last_words

    def close(self) -> None:
        self.turn.close()


def format_in(said: QueryDict) -> str:
    if said.get("format") not in LINES:
        raise SuspiciousOperation("no such format")
    return str(said["format"])


def download(
    rows: Callable[[], Iterable[dict[str, Any]]],
    columns: Sequence[str],
    name: str,
    file_format: str,
    me: Principal,
    *,
    is_let_in: Callable[[], bool],
) -> HttpResponse:
    """`rows` is called once it is their turn; the file goes on for as long as they are let in."""
    with ExitStack() as turn:
        turn.enter_context(concurrency_limit(MAX_CONCURRENT, f"export {me.id}"))
        lines = LINES[file_format](_while_let_in(rows(), is_let_in), columns)
        stream = Stream(lines, LAST_WORDS[file_format], turn.pop_all())
        answer: Any = StreamingHttpResponse(stream, content_type=TYPES[file_format])
    file = f"{name}-{datetime.now(UTC):%Y-%m-%d}.{file_format}"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


def _while_let_in(rows: Iterable[dict[str, Any]], is_let_in: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows):
        if number and number % JUDGED == 0 and not is_let_in():
            raise AccessWithdrawn
        yield row
