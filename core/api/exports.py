"""Downloads that are generated while they are sent."""

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

MAX_CONCURRENT = 2  # per operator and process: each holds a thread and a connection until it is done
CHECK_EVERY = 1_000  # rows between two checks of the operator's rights
INCOMPLETE = "broken off: this is not all there is"
ERROR_LINES = {"csv": f"{INCOMPLETE}\r\n", "jsonl": f'{{"error": "{INCOMPLETE}"}}\n'}
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


log = logging.getLogger(__name__)


class AccessWithdrawn(Exception):
    """The operator was signed out, or lost the right, during the download."""


class Stream:
    """The lines of a download, which hold a concurrency slot until the last is sent or the browser disconnects.

    The status 200 has been sent by then, so an error can only be reported in the last line.
    """

    def __init__(self, lines: Iterable[str], error_line: str, turn: ExitStack) -> None:
        self.lines, self.error_line, self.turn = lines, error_line, turn

    def __iter__(self) -> Iterator[str]:
        with self.turn:
            try:
                yield from self.lines
            except AccessWithdrawn:
                yield self.error_line
            except Exception:
                log.exception("a file was broken off")
                yield self.error_line

    def close(self) -> None:
        self.turn.close()


def parse_format(data: QueryDict) -> str:
    if data.get("format") not in LINES:
        raise SuspiciousOperation("no such format")
    return str(data["format"])


def download(
    rows: Callable[[], Iterable[dict[str, Any]]],
    columns: Sequence[str],
    name: str,
    file_format: str,
    me: Principal,
    *,
    is_allowed: Callable[[], bool],
) -> HttpResponse:
    """Stream a file. `rows` is called once there is a slot, and `is_allowed` again and again during the download."""
    with ExitStack() as turn:
        turn.enter_context(concurrency_limit(MAX_CONCURRENT, f"export {me.id}"))
        lines = LINES[file_format](_while_allowed(rows(), is_allowed), columns)
        stream = Stream(lines, ERROR_LINES[file_format], turn.pop_all())
        response: Any = StreamingHttpResponse(stream, content_type=TYPES[file_format])
    file = f"{name}-{datetime.now(UTC):%Y-%m-%d}.{file_format}"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def _while_allowed(rows: Iterable[dict[str, Any]], is_allowed: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows):
        if number and number % CHECK_EVERY == 0 and not is_allowed():
            raise AccessWithdrawn
        yield row
