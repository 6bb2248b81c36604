"""What the session commands share: prompts, progress, output and exit codes."""

import sys
from typing import Any, ClassVar

import orjson
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import connection
from psycopg.pq import TransactionStatus
from tqdm import tqdm

from core.humanize import how_many

MAX_REASON_LENGTH = 200
NOTHING_MATCHED, USAGE, DECLINED, INTERRUPTED = 1, 2, 3, 4


class LongCommand(BaseCommand):
    """A command that may run for long, and be interrupted with Ctrl-C."""

    when_interrupted: ClassVar[str] = "Interrupted. What is done stays done; run the same command again to finish."

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except KeyboardInterrupt as error:
            raise CommandError(self.when_interrupted, returncode=INTERRUPTED) from error

    def note(self, text: str) -> None:
        """Write a remark to standard error."""
        self.stderr.write(text, style_func=str)


def reconnect() -> None:
    """Close a connection that was interrupted while it waited for a statement, so that the next query opens another."""
    raw = connection.connection
    if raw is not None and raw.info.transaction_status is TransactionStatus.ACTIVE:
        connection.close()


def confirm(question: str) -> bool:
    """Ask on standard error, since a program may read standard output."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


def progress(total: int | None = None) -> "tqdm[Any]":
    """Show a progress bar, if there is a terminal."""
    return tqdm(total=total, unit=" sessions", file=sys.stderr, disable=None, leave=False)


def write_json(out: OutputWrapper, value: dict[str, Any]) -> None:
    out.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def count_sessions(count: int, more: str = "") -> str:
    return how_many(count, f"{more} session".strip())


def table(rows: dict[str, int]) -> str:
    """Align the numbers to the right, so that they can be compared."""
    width = max((len(f"{value:,}") for value in rows.values()), default=0)
    return "\n".join(f"  {value:>{width},}  {name}" for name, value in rows.items())
