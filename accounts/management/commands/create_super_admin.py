import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from accounts import operations
from accounts.models import Role, User
from core.access import Principal
from tenancy.models import Tenant


class Command(BaseCommand):
    help = "Create a super admin: the first account of a new installation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the e-mail address that the super admin signs in with")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *, email: str, password_stdin: bool, **options: Any) -> None:
        try:
            User._meta.get_field("email").clean(email.strip(), None)  # noqa: SLF001 - a documented API
        except ValidationError as error:
            raise CommandError(f"{email} is not an e-mail address.") from error
        password = sys.stdin.readline().rstrip("\n") if password_stdin else getpass.getpass("Password: ")
        staff = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        actor = Principal.system("create_super_admin")
        try:
            operations.require_fit(password)
            operations.create_user(actor=actor, tenant=staff, email=email, password=password, role=Role.SUPER_ADMIN)
        except operations.PasswordUnfit as error:
            raise CommandError(" ".join(error.messages)) from error
        except IntegrityError as error:
            raise CommandError(f"{email} is already a super admin.") from error
        self.stdout.write(self.style.SUCCESS(f"{email} can sign in now."))
