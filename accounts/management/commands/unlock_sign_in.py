from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts import operations
from accounts.models.users import normal_email
from core.access import Principal


class Command(BaseCommand):
    help = "Clear an account's failed sign-in attempts, so that it can sign in again at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the e-mail address that the account signs in with")

    @transaction.atomic
    def handle(self, *, email: str, **options: Any) -> None:
        operations.unlock(normal_email(email), actor=Principal.system("unlock_sign_in"))
        self.stdout.write(self.style.SUCCESS(f"Failed sign-in attempts of {email} cleared."))
