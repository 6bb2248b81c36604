from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts import operations
from accounts.models.users import normal_email
from core.access import Principal


class Command(BaseCommand):
    help = "Let an account sign in again after too many failed attempts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    @transaction.atomic
    def handle(self, *, email: str, **options: Any) -> None:
        operations.unlock(normal_email(email), actor=Principal.system("unlock_sign_in"))
        self.stdout.write(self.style.SUCCESS(f"The failed sign-ins of {email} are forgotten."))
