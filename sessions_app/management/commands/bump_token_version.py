from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.access import Principal
from sessions_app import operations
from sessions_app.management.base import MAX_REASON_LENGTH, USAGE, count_sessions


class Command(BaseCommand):
    help = "Revoke the sessions of all administrators, and raise the token version by one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why; stored on every revoked session")

    def handle(self, *, reason: str, **options: Any) -> None:
        if not 0 < len(reason.strip()) <= MAX_REASON_LENGTH:
            raise CommandError(f"--reason must have 1 to {MAX_REASON_LENGTH} characters.", returncode=USAGE)
        version, result = operations.bump_token_version(
            actor=Principal.system("bump_token_version"), reason=reason.strip()
        )
        self.stdout.write(self.style.SUCCESS(f"Token version {version}; {count_sessions(result.count)} revoked."))
