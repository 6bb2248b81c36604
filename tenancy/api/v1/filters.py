from core.api.filters import BY_NAME, IdFilter
from core.api.resources import ResourceFilters
from core.ids import Prefix


class PartnerFilters(ResourceFilters):
    searched = ("name", "slug", "contact_email")
    ordering_fields = BY_NAME


class TenantFilters(ResourceFilters):
    searched = ("name", "slug", "contact_email")
    ordering_fields = BY_NAME

    tenant_id = IdFilter(Prefix.TENANT, "pk", label="Only this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, "partner", label="Only tenants of this partner.")
