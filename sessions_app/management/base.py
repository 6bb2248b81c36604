"""What commands have in common when they talk with whoever runs them."""

import sys
from typing import Any, ClassVar

import orjson
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import connection
from psycopg.pq import TransactionStatus
from tqdm import tqdm

from core.humanize import how_many

LONGEST_REASON = 200
NOTHING_MATCHED, USAGE, DECLINED, INTERRUPTED = 1, 2, 3, 4


class LongCommand(BaseCommand):
    """One that somebody may lose patience with."""

    when_interrupted: ClassVar[str] = "Interrupted. What is done stays done; run the same command again to finish."

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except KeyboardInterrupt as error:
            raise CommandError(self.when_interrupted, returncode=INTERRUPTED) from error

    def note(self, text: str) -> None:
        """Beside the answer, and no error."""
        self.stderr.write(text, style_func=str)


def reconnect() -> None:
    """After an interrupt in the middle of a statement, whose answer the connection may still be waiting for."""
    raw = connection.connection
    if raw is not None and raw.info.transaction_status is TransactionStatus.ACTIVE:
        connection.close()


def confirm(question: str) -> bool:
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
    out.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())


def count_sessions(count: int, more: str = "") -> str:
    return how_many(count, f"{more} session".strip())


def table(rows: dict[str, int]) -> str:
    """Numbers to the right, so that they can be compared."""
    wide = max((len(f"{value:,}") for value in rows.values()), default=0)
    return "\n".join(f"  {value:>{wide},}  {name}" for name, value in rows.items())
