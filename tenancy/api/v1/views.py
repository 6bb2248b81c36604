from audit.api.idempotency import IdempotentViewSet
from core.access import Tier
from core.api.resources import ResourceViewSet
from core.models import EntityQuerySet
from tenancy import operations
from tenancy.api.v1 import filters, serializers, wire
from tenancy.models import Partner, Tenant

BASE = ("id", "created_at", "updated_at", "name", "slug", "status", "contact_email")


class PartnerViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Partners"
    resource_name, model = "partner", Partner
    notes = {
        "create": "The slug must be unique; a limit that is left out or null does not apply.",
        "update": "Suspending it revokes the sessions of its staff and its tenants; `Sessions-Ended` counts them.",
        "destroy": "Fails with 409 while it has tenants. Its staff's sessions are revoked. The slug can be used again.",
    }
    columns = (*BASE, "max_tenants", "max_users_per_tenant", "max_applications_per_tenant")
    serializer_class = serializers.Partner
    create_serializer_class = update_serializer_class = serializers.NewPartner
    filterset_class = filters.PartnerFilters
    reads = {"list": Tier.SUPER, "retrieve": Tier.SUPER}
    writes = {"create": Tier.SUPER, "update": Tier.SUPER, "destroy": Tier.SUPER}
    repeatable = frozenset({"create"})
    errors = wire.ERRORS
    unique = {"partner_slug_is_unique": "slug"}
    missing = "Partner not found"

    def get_queryset(self) -> EntityQuerySet[Partner]:
        return Partner.objects.visible_to(self.principal).not_deleted()

    def perform_destroy(self, instance: Partner) -> int:
        return operations.delete(instance, actor=self.principal, versions=self.versions)


class TenantViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Tenants"
    resource_name, model = "tenant", Tenant
    notes = {
        "create": "The slug must be unique, and the partner's limit must allow one more tenant.",
        "update": "Suspending it revokes the sessions of its users; `Sessions-Ended` counts them.",
        "destroy": "The sessions of its users are revoked; `Sessions-Ended` counts them. The slug can be used again.",
    }
    columns = (*BASE, "partner_id", "settings", "branding")
    serializer_class = serializers.Tenant
    create_serializer_class = update_serializer_class = serializers.NewTenant
    filterset_class = filters.TenantFilters
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = {"create": Tier.SUPER, "update": Tier.SUPER, "destroy": Tier.SUPER}
    repeatable = frozenset({"create"})
    errors = wire.ERRORS
    unique = {"tenant_slug_is_unique": "slug"}
    missing = "Tenant not found"

    def get_queryset(self) -> EntityQuerySet[Tenant]:
        """What is under a deleted partner is gone with it."""
        return Tenant.objects.visible_to(self.principal).not_deleted().filter(partner__deleted_at=None)

    def perform_destroy(self, instance: Tenant) -> int:
        return operations.delete(instance, actor=self.principal, versions=self.versions)
