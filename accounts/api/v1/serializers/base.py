from typing import Any

from core.access import Tier
from core.api.serializers import ResourceInput
from tenancy.models import Tenant


# The input of a resource that belongs to a tenant.
class TenantResourceInput(ResourceInput):
    def pop_tenant(self, validated_data: dict[str, Any]) -> Tenant:
        """Take the tenant out of the data. An administrator of one tenant need not name it."""
        default = self.principal.tenant_id if self.principal.tier is Tier.TENANT else None
        tenant_id = self.require("tenant_id", validated_data.pop("tenant_id", default))
        return self.get_related(Tenant.objects.not_deleted().filter(partner__deleted_at=None), tenant_id)
