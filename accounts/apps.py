from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from core.access import Principal


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import receivers  # noqa: F401 - listening is its only effect

        post_migrate.connect(make_first_signing_key, sender=self)


def make_first_signing_key(**_: Any) -> None:
    """A migrated database is one that can sign."""
    from accounts import operations

    operations.ensure_signing_key(actor=Principal.system("migrate"))
