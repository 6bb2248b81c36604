from typing import Any

from django.db.models import Q

from accounts.api.v1 import filters
from accounts.api.v1.serializers import identity_providers as serializers
from accounts.models import IdentityProvider
from audit.api.idempotency import IdempotentViewSet
from core.access import Tier
from core.api.resources import ResourceViewSet
from core.models import EntityQuerySet
from tenancy.operations import delete


class IdentityProviderViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Identity providers"
    resource_name, model = "identity_provider", IdentityProvider
    notes = {
        "create": "Curfew stores its configuration; signing in through it is not available yet.",
        "update": "A new `config` replaces the old one as a whole; a client secret that is left out stays.",
        "destroy": "Its client secret is deleted with it.",
    }
    columns = (
        *("id", "created_at", "updated_at", "tenant_id", "name", "provider_type", "status", "config"),
        "client_secret_set",
    )
    serializer_class = serializers.IdentityProvider
    create_serializer_class = serializers.NewIdentityProvider
    update_serializer_class = serializers.ChangedIdentityProvider
    filterset_class = filters.IdentityProviderFilters
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = {"create": Tier.TENANT, "update": Tier.TENANT, "destroy": Tier.TENANT}
    repeatable = frozenset({"create"})
    missing = "Identity provider not found"

    def get_queryset(self) -> EntityQuerySet[IdentityProvider]:
        return IdentityProvider.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    def annotate(self, rows: Any) -> Any:
        return rows.annotate(client_secret_set=Q(sealed_secret__isnull=False))

    def perform_destroy(self, instance: IdentityProvider) -> int:
        return delete(instance, actor=self.principal, versions=self.versions)
