from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from accounts import operations
from accounts.api.v1 import filters, wire
from accounts.api.v1.serializers import identity_providers as serializers
from accounts.models import IdentityProvider
from audit.api.idempotency import IdempotentViewSet
from core.access import Tier
from core.api.resources import ResourceViewSet
from core.ids import Prefix, encode_id
from core.models import EntityQuerySet
from tenancy.operations import delete


class IdentityProviderViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Identity providers"
    noun, model = "identity_provider", IdentityProvider
    notes = {
        "create": "Curfew stores its configuration; signing in through it is not available yet.",
        "update": "A new `config` replaces the old one as a whole; a client secret that is left out stays.",
        "destroy": "Its client secret is deleted with it.",
    }
    columns = (
        *("id", "created_at", "updated_at", "tenant_id", "name", "provider_type", "status", "config"),
        "client_secret_set",
    )
    shown_by = serializers.IdentityProvider
    made_by, changed_by = serializers.NewIdentityProvider, serializers.ChangedIdentityProvider
    lists = {"list": filters.IDENTITY_PROVIDERS}
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = {"create": Tier.TENANT, "update": Tier.TENANT, "destroy": Tier.TENANT}
    repeatable = frozenset({"create"})
    missing = "Identity provider not found"

    def things(self) -> EntityQuerySet[IdentityProvider]:
        return IdentityProvider.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    def described(self, rows: Any) -> Any:
        return rows.annotate(client_secret_set=Q(sealed_secret__isnull=False))

    @classmethod
    def item(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().item(row), "tenant_id": encode_id(Prefix.TENANT, row["tenant_id"])}

    def make(self, given: dict[str, Any]) -> tuple[IdentityProvider, dict[str, Any]]:
        given |= self.configured(given["provider_type"], given)
        tenant = wire.tenant_of(self, given)
        return operations.create_identity_provider(actor=self.principal, tenant=tenant, **given), {}

    def alter(self, thing: IdentityProvider, given: dict[str, Any]) -> int:
        given |= self.configured(thing.provider_type, given)
        return operations.change_identity_provider(thing, actor=self.principal, versions=self.versions, **given)

    def remove(self, thing: IdentityProvider) -> int:
        return delete(thing, actor=self.principal, versions=self.versions)

    def configured(self, provider_type: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The config that is given, and beside it the secret that came in it, if there was one."""
        if "config" not in given:
            return {}
        config = self.checked(given["config"], serializers.CONFIGS[provider_type], ("body", "config"))
        secret = {"client_secret": config.pop("client_secret")} if "client_secret" in config else {}
        return {"config": config, **secret}
