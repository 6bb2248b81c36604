from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts import operations
from core.access import Principal


class Command(BaseCommand):
    help = "Create a new signing key. The old key stays valid until the last token it signed has expired."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--now",
            action="store_true",
            help="for a leaked key: refuse all present access tokens immediately; sessions stay active and refresh",
        )

    def handle(self, **options: Any) -> None:
        key = operations.rotate_signing_key(actor=Principal.system("rotate_signing_key"), at_once=options["now"])
        self.stdout.write(
            self.style.SUCCESS(f"Key {key.kid} signs tokens from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC.")
        )
