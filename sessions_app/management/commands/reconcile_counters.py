from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.operations import counter_maintenance as user_counters
from core.access import Principal
from core.ids import Prefix, encode_id
from sessions_app import operations
from sessions_app.management.base import LongCommand
from sessions_app.operations import counter_maintenance

DIFFERENT = 1


class Command(LongCommand):
    help = "Compare the counters of sessions and users with the rows, and report differences."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fix", action="store_true", help="rebuild all counters; sign-ins and revocations wait while this runs"
        )

    def handle(self, *, fix: bool, **options: Any) -> None:
        differences = [*counter_maintenance.differences(), *user_counters.differences()]
        for difference in differences:
            self.stdout.write(describe(difference))
        if fix and differences:
            operations.rebuild_counters(actor=Principal.system("reconcile_counters"), difference_count=len(differences))
            self.stdout.write(
                self.style.SUCCESS(f"Wrong counters: {len(differences):,}. All counters have been rebuilt.")
            )
        elif differences:
            raise CommandError(
                f"Wrong counters: {len(differences):,}. Use --fix to rebuild all counters.", returncode=DIFFERENT
            )
        else:
            self.stdout.write(self.style.SUCCESS("All counters are correct."))


def describe(difference: counter_maintenance.Difference) -> str:
    key = dict(difference.key)
    tenant, application = encode_id(Prefix.TENANT, key.pop("tenant_id")), key.pop("application_id", None)
    owner = f"{tenant} {encode_id(Prefix.APPLICATION, application)}" if application else tenant
    rest = " ".join(f"{name}={value}" for name, value in key.items())
    return f"{owner} {rest}: counter {difference.counted:,}, rows {difference.actual:,}"
