from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sessions_app import demo


class Command(BaseCommand):
    help = (
        "Fill the embedded database with partners, tenants, people and sessions to try things on. Harmless to repeat."
    )

    def handle(self, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError(
                "Demo data has well-known passwords and goes into the embedded database only; unset DATABASE_URL."
            )
        made = demo.load()
        if options["verbosity"]:
            self.stdout.write("Demo data loaded." if made else "The demo data is already there.")
