from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_app.lookup import NameNotFound, find_partner, find_tenant
from sessions_app.management.base import USAGE, table, write_json
from sessions_app.models import RevocationScope
from sessions_app.reads.stats import session_stats


class Command(BaseCommand):
    help = "Show session statistics of a tenant, a partner or the whole platform."

    def add_arguments(self, parser: CommandParser) -> None:
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--tenant", metavar="ID|SLUG", help="only this tenant")
        scope.add_argument("--partner", metavar="ID|SLUG", help="only this partner: its staff and its tenants")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        try:
            stats = session_stats(*find_scope(options["tenant"], options["partner"]), seen_by=None) or {}
        except NameNotFound as error:
            raise CommandError(f"{error}.", returncode=USAGE) from error
        if options["json"]:
            write_json(self.stdout, stats)
            return
        self.stdout.write(table({name: value for name, value in stats.items() if isinstance(value, int)}))
        for name, value in stats.items():
            if isinstance(value, dict):
                self.stdout.write(f"\n{name}:\n{table({each or 'unknown': n for each, n in value.items()})}")
        self.stdout.write("")
        for name in ("oldest_session_at", "newest_session_at"):
            moment = stats[name]
            self.stdout.write(f"{name}: {f'{moment:%Y-%m-%d %H:%M:%S} UTC' if moment else '-'}")


def find_scope(tenant: str | None, partner: str | None) -> tuple[RevocationScope, UUID | None]:
    if tenant is not None:
        return RevocationScope.TENANT, find_tenant(tenant).pk
    if partner is not None:
        return RevocationScope.PARTNER, find_partner(partner).pk
    return RevocationScope.PLATFORM, None
