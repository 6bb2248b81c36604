from typing import Any

from django.core.management.base import CommandError, CommandParser

from core.access import Principal
from core.ids import Prefix, show
from sessions_app import counting, operations
from sessions_app.management.asking import LongCommand

DIFFERENT = 1


class Command(LongCommand):
    help = "Compare every counter with the sessions that it counts, and say what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="count anew; nobody can sign in or out meanwhile")

    def handle(self, *, fix: bool, **options: Any) -> None:
        differences = list(counting.differences())
        for difference in differences:
            self.stdout.write(worded(difference))
        if fix and differences:
            operations.rebuild_counters(actor=Principal.system("reconcile_counters"), difference_count=len(differences))
            self.stdout.write(
                self.style.SUCCESS(f"Counters that differed: {len(differences):,}. All are counted anew.")
            )
        elif differences:
            raise CommandError(
                f"Counters that differ: {len(differences):,}. With --fix all are counted anew.", returncode=DIFFERENT
            )
        else:
            self.stdout.write(self.style.SUCCESS("Every counter agrees with the sessions."))


def worded(difference: counting.Difference) -> str:
    key = dict(difference.key)
    tenant, application = show(Prefix.TENANT, key.pop("tenant_id")), key.pop("application_id")
    whose = f"{tenant} {show(Prefix.APPLICATION, application)}" if application else tenant
    rest = " ".join(f"{name}={value}" for name, value in key.items())
    return f"{whose} {rest}: counted {difference.counted:,}, found {difference.found:,}"
