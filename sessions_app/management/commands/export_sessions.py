import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser

from core.access import Principal
from core.spreadsheets import LINES
from sessions_app.lookup import NameNotFound, find_tenant
from sessions_app.management.base import USAGE, LongCommand, count_sessions, progress
from sessions_app.operations.session_export import COLUMNS, STATUSES, export


class Command(LongCommand):
    help = "Export sessions, active and ended, as CSV or JSON Lines. Credentials are never exported."
    when_interrupted = "Interrupted. The output is incomplete."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=LINES, required=True, help="csv for spreadsheets, jsonl for programs")
        parser.add_argument("--tenant", action="append", metavar="ID|SLUG", help="only this tenant; may be repeated")
        parser.add_argument("--status", choices=STATUSES, help="only sessions with this status now")
        parser.add_argument(
            "--output",
            metavar="FILE",
            help="write to this file instead of standard output; it appears once it is complete",
        )

    def handle(self, **options: Any) -> None:
        try:
            tenants = [find_tenant(name) for name in options["tenant"] or []]
        except NameNotFound as error:
            raise CommandError(f"{error}.", returncode=USAGE) from error
        lines, settings = LINES[options["format"]], {"file_format": options["format"], "status": options["status"]}
        actor = Principal.system("export_sessions")
        if options["output"] is None:
            with exit_on_broken_pipe():
                self.stdout.writelines(lines(export(tenants, actor=actor, **settings), COLUMNS))
            return
        with atomic_file(options["output"]) as file:
            rows = CountedRows(export(tenants, actor=actor, **settings))
            file.writelines(lines(rows, COLUMNS))
        self.stdout.write(f"{count_sessions(rows.count)} written to {options['output']}.")


class CountedRows:
    """Iterate over rows, counting them and showing progress."""

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with progress() as bar:
            for row in self.rows:
                self.count += 1
                bar.update()
                yield row


@contextmanager
def atomic_file(path: str) -> Iterator[IO[str]]:
    """Write a file under a temporary name, and rename it once it is complete."""
    target = Path(path).resolve()
    if not path or (target.exists() and not target.is_file()):
        raise CommandError(f"{path or 'An empty name'} is not a file that can be written.", returncode=USAGE)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.", returncode=USAGE) from error
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


@contextmanager
def exit_on_broken_pipe() -> Iterator[None]:
    """Exit with the usual code if the reader of a pipe, such as `head`, closes it."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from error
