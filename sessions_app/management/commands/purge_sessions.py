from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from core.access import Principal
from sessions_app import durations, operations
from sessions_app.management.base import USAGE, LongCommand, count_sessions, progress
from sessions_app.operations.expiry import to_purge


class Command(LongCommand):
    help = "Delete sessions that ended long ago. The worker does this every night."

    def add_arguments(self, parser: CommandParser) -> None:
        retention = f"{settings.SESSION_RETENTION_DAYS}d"
        parser.add_argument(
            "--older-than",
            metavar="TIME",
            default=retention,
            help=f"delete sessions that ended longer ago than this, such as 12h or 7d (default: {retention})",
        )
        parser.add_argument("--dry-run", action="store_true", help="show how many would be deleted, and delete nothing")

    def handle(self, **options: Any) -> None:
        try:
            older_than: timedelta = durations.read(options["older_than"])
        except ValueError as error:
            raise CommandError(f"{error}.", returncode=USAGE) from error
        if options["dry_run"]:
            self.stdout.write(f"{count_sessions(to_purge(older_than).count())} would be deleted.")
            return
        with progress() as bar:
            purged = operations.purge(older_than, actor=Principal.system("purge_sessions"), on_progress=bar.update)
        self.stdout.write(f"{count_sessions(purged)} deleted.")
