from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_app.lookup import NameNotFound, find_tenant, partner_named
from sessions_app.management.base import USAGE, table, write_json
from sessions_app.models import Reach
from sessions_app.reads.stats import statistics


class Command(BaseCommand):
    help = "Show session statistics of a tenant, a partner or the whole platform."

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument("--tenant", metavar="ID|SLUG", help="only this tenant")
        whose.add_argument("--partner", metavar="ID|SLUG", help="only this partner: its staff and its tenants")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        try:
            told = statistics(*scope(options["tenant"], options["partner"]), seen_by=None) or {}
        except NameNotFound as error:
            raise CommandError(f"{error}.", returncode=USAGE) from error
        if options["json"]:
            write_json(self.stdout, told)
            return
        self.stdout.write(table({name: value for name, value in told.items() if isinstance(value, int)}))
        for name, value in told.items():
            if isinstance(value, dict):
                self.stdout.write(f"\n{name}:\n{table({each or 'unknown': n for each, n in value.items()})}")
        self.stdout.write("")
        for name in ("oldest_session_at", "newest_session_at"):
            moment = told[name]
            self.stdout.write(f"{name}: {f'{moment:%Y-%m-%d %H:%M:%S} UTC' if moment else '-'}")


def scope(tenant: str | None, partner: str | None) -> tuple[Reach, UUID | None]:
    if tenant is not None:
        return Reach.TENANT, find_tenant(tenant).pk
    if partner is not None:
        return Reach.PARTNER, partner_named(partner).pk
    return Reach.PLATFORM, None
