from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.models import AuditEntry, Chain
from audit.queries import faults


class Command(BaseCommand):
    help = "Verify the audit log's hash chains, and name the first entry that is wrong."

    def handle(self, **options: Any) -> None:
        all_faults = list(faults())
        for fault in all_faults:
            self.stderr.write(self.style.ERROR(f"Chain {fault.chain_id}: entry {fault.number} {fault.reason}."))
        if all_faults:
            raise CommandError(
                "The audit log has been tampered with. Restore it from a backup and compare.", returncode=2
            )
        entries, chains = AuditEntry.objects.count(), Chain.objects.count()
        self.stdout.write(self.style.SUCCESS(f"Audit log OK: {entries} entries in {chains} chains."))
