from core.api.filters import IdFilter
from core.api.pagination import IN_TIME, Listing
from core.api.resources import ResourceFilters
from core.ids import Prefix

BY_NAME = {**IN_TIME, "name": ("name", "id")}


class PartnerFilters(ResourceFilters):
    searched = ("name", "slug", "contact_email")


class TenantFilters(ResourceFilters):
    searched = ("name", "slug", "contact_email")

    tenant_id = IdFilter(Prefix.TENANT, "pk", label="Only this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, "partner", label="Only tenants of this partner.")


PARTNERS = Listing(PartnerFilters, BY_NAME)
TENANTS = Listing(TenantFilters, BY_NAME)
