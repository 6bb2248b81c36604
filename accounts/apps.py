from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from core.access import Principal


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import receivers  # noqa: F401 - connects the receivers

        post_migrate.connect(create_first_signing_key, sender=self)


def create_first_signing_key(**_: Any) -> None:
    """Create a signing key after the first migration, so that tokens can be issued."""
    from accounts import operations

    operations.ensure_signing_key(actor=Principal.system("migrate"))
