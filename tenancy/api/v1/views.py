from collections.abc import Mapping
from typing import Any

from audit.api.idempotency import IdempotentViewSet
from core.access import Tier
from core.api.resources import ResourceViewSet
from core.ids import Prefix, encode_id
from core.models import EntityQuerySet
from tenancy import operations
from tenancy.api.v1 import filters, serializers, wire
from tenancy.models import Partner, Tenant

BASE = ("id", "created_at", "updated_at", "name", "slug", "status", "contact_email")


class PartnerViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Partners"
    noun, model = "partner", Partner
    notes = {
        "create": "The slug must be unique; a limit that is left out or null does not apply.",
        "update": "Suspending it revokes the sessions of its staff and its tenants; `Sessions-Ended` counts them.",
        "destroy": "Fails with 409 while it has tenants. Its staff's sessions are revoked. The slug can be used again.",
    }
    columns = (*BASE, "max_tenants", "max_users_per_tenant", "max_applications_per_tenant")
    shown_by, made_by, changed_by = serializers.Partner, serializers.NewPartner, serializers.NewPartner
    lists = {"list": filters.PARTNERS}
    reads = {"list": Tier.SUPER, "retrieve": Tier.SUPER}
    writes = {"create": Tier.SUPER, "update": Tier.SUPER, "destroy": Tier.SUPER}
    repeatable = frozenset({"create"})
    errors = wire.ERRORS
    unique = {"partner_slug_is_unique": "slug"}
    missing = "Partner not found"

    def things(self) -> EntityQuerySet[Partner]:
        return Partner.objects.visible_to(self.principal).not_deleted()

    def make(self, given: dict[str, Any]) -> tuple[Partner, dict[str, Any]]:
        return operations.create_partner(actor=self.principal, **given), {}

    def alter(self, thing: Partner, given: dict[str, Any]) -> int:
        return operations.change(thing, actor=self.principal, versions=self.versions, **given)

    def remove(self, thing: Partner) -> int:
        return operations.delete(thing, actor=self.principal, versions=self.versions)


class TenantViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Tenants"
    noun, model = "tenant", Tenant
    notes = {
        "create": "The slug must be unique, and the partner's limit must allow one more tenant.",
        "update": "Suspending it revokes the sessions of its users; `Sessions-Ended` counts them.",
        "destroy": "The sessions of its users are revoked; `Sessions-Ended` counts them. The slug can be used again.",
    }
    columns = (*BASE, "partner_id", "settings", "branding")
    shown_by, made_by, changed_by = serializers.Tenant, serializers.NewTenant, serializers.NewTenant
    lists = {"list": filters.TENANTS}
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = {"create": Tier.SUPER, "update": Tier.SUPER, "destroy": Tier.SUPER}
    repeatable = frozenset({"create"})
    errors = wire.ERRORS
    unique = {"tenant_slug_is_unique": "slug"}
    missing = "Tenant not found"

    def things(self) -> EntityQuerySet[Tenant]:
        """What is under a deleted partner is gone with it."""
        return Tenant.objects.visible_to(self.principal).not_deleted().filter(partner__deleted_at=None)

    @classmethod
    def item(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().item(row), "partner_id": encode_id(Prefix.PARTNER, row["partner_id"])}

    def make(self, given: dict[str, Any]) -> tuple[Tenant, dict[str, Any]]:
        partner = self.target(Partner.objects.not_deleted(), given.pop("partner_id"))
        return operations.create_tenant(actor=self.principal, partner=partner, **given), {}

    def alter(self, thing: Tenant, given: dict[str, Any]) -> int:
        partner = self.target(Partner.objects.not_deleted(), given.pop("partner_id")) if "partner_id" in given else None
        return operations.change_tenant(thing, actor=self.principal, versions=self.versions, partner=partner, **given)

    def remove(self, thing: Tenant) -> int:
        return operations.delete(thing, actor=self.principal, versions=self.versions)
