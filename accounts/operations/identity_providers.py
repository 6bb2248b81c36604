"""Whom a tenant trusts to say who its people are. The client secret is sealed, and on no record."""

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
    made = IdentityProvider.objects.create(tenant=tenant, name=name, **columns)
    record_created(made, actor=actor, name=name, **columns)
    return made


def change_identity_provider(
    thing: IdentityProvider, *, actor: Principal, versions: Versions = None, **columns: Any
) -> int:
    """A `client_secret` that is not named stays; one that is None goes."""
    if "client_secret" in columns:
        secret = columns.pop("client_secret")
        if not _is_secret(thing, secret):
            columns["sealed_secret"] = None if secret is None else _sealed(secret)
    return change(thing, actor=actor, versions=versions, **columns)


def _sealed(secret: str) -> bytes:
    return seal(secret.encode(), purpose=PURPOSE)


def _is_secret(thing: IdentityProvider, secret: str | None) -> bool:
    if thing.sealed_secret is None or secret is None:
        return thing.sealed_secret is secret
    return hmac.compare_digest(unseal(bytes(thing.sealed_secret), purpose=PURPOSE), secret.encode())
