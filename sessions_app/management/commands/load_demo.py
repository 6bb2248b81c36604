from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sessions_app import demo


class Command(BaseCommand):
    help = "Load demo partners, tenants, users and sessions into the embedded database. Safe to repeat."

    def handle(self, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError(
                "Demo data has well-known passwords, so it goes into the embedded database only. Unset DATABASE_URL."
            )
        is_loaded = demo.load()
        if options["verbosity"]:
            self.stdout.write("Demo data loaded." if is_loaded else "The demo data is already loaded.")
