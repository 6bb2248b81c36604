"""Identity providers of tenants. Client secrets are encrypted, and never recorded in the audit log."""

import hmac
from typing import Any

from django.db import transaction

from accounts.models import IdentityProvider
from core.access import Principal
from core.crypto import seal, unseal
from tenancy.models import Tenant
from tenancy.operations import Versions, change, lock_tenant_for_create, record_created

PURPOSE = "identity provider"


@transaction.atomic
def create_identity_provider(
    *, actor: Principal, tenant: Tenant, name: str, client_secret: str | None = None, **columns: Any
) -> IdentityProvider:
    if client_secret is not None:
        columns["sealed_secret"] = _sealed(client_secret)
    lock_tenant_for_create(tenant, actor=actor)
    provider = IdentityProvider.objects.create(tenant=tenant, name=name, **columns)
    record_created(provider, actor=actor, name=name, **columns)
    return provider


def change_identity_provider(
    provider: IdentityProvider, *, actor: Principal, versions: Versions = None, **columns: Any
) -> int:
    """Update a provider. Without `client_secret` its secret stays; None removes it."""
    if "client_secret" in columns:
        secret = columns.pop("client_secret")
        if not _is_secret(provider, secret):
            columns["sealed_secret"] = None if secret is None else _sealed(secret)
    return change(provider, actor=actor, versions=versions, **columns)


def _sealed(secret: str) -> bytes:
    return seal(secret.encode(), purpose=PURPOSE)


def _is_secret(provider: IdentityProvider, secret: str | None) -> bool:
    if provider.sealed_secret is None or secret is None:
        return provider.sealed_secret is secret
    return hmac.compare_digest(unseal(bytes(provider.sealed_secret), purpose=PURPOSE), secret.encode())
