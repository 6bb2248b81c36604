"""What v1's lists of the things of accounts can be asked for."""

from accounts.models import Role
from core.filters import HandleFilter, WordFilter
from core.ids import Prefix
from core.paging import IN_TIME, Listing
from core.resources import ResourceFilters


class UserFilters(ResourceFilters):
    searched = ("email", "display_name", "first_name", "last_name")

    tenant_id = HandleFilter(Prefix.TENANT, "tenant", label="Of this tenant.")
    partner_id = HandleFilter(
        Prefix.PARTNER, "tenant__partner", label="Of all of this partner's tenants, and its staff."
    )
    role = WordFilter(Role, "role", label="In this role.")


USERS = Listing(UserFilters, {**IN_TIME, "email": ("email", "id")})
