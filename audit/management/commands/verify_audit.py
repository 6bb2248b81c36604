from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.models import AuditEntry, Chain
from audit.queries import faults


class Command(BaseCommand):
    help = "Recompute every audit chain and name the first entry that does not fit."

    def handle(self, **options: Any) -> None:
        found = list(faults())
        for fault in found:
            self.stderr.write(self.style.ERROR(f"Chain {fault.chain_id}: entry {fault.number} {fault.reason}."))
        if found:
            raise CommandError(
                "The audit record has been tampered with; restore it from a backup and compare.", returncode=2
            )
        entries, chains = AuditEntry.objects.count(), Chain.objects.count()
        self.stdout.write(self.style.SUCCESS(f"{entries} entries in {chains} chains, all in place."))
