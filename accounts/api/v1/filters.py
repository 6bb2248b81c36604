"""What v1's lists of the things of accounts can be asked for."""

from typing import Any

from django.db.models import Q

from accounts.models import Role
from accounts.models.applications import ApplicationScope, ApplicationType
from core.filters import HandleFilter, TextFilter, WordFilter
from core.ids import Prefix
from core.paging import IN_TIME, Listing
from core.resources import ResourceFilters

BY_NAME = {**IN_TIME, "name": ("name", "id")}


class UserFilters(ResourceFilters):
    searched = ("email", "display_name", "first_name", "last_name")

    tenant_id = HandleFilter(Prefix.TENANT, "tenant", label="Of this tenant.")
    partner_id = HandleFilter(
        Prefix.PARTNER, "tenant__partner", label="Of all of this partner's tenants, and its staff."
    )
    role = WordFilter(Role, "role", label="In this role.")


USERS = Listing(UserFilters, {**IN_TIME, "email": ("email", "id")})


class ApplicationFilters(ResourceFilters):
    searched = ("name", "client_id")

    tenant_id = HandleFilter(Prefix.TENANT, "tenant", label="Of this tenant.")
    partner_id = HandleFilter(Prefix.PARTNER, method="under", label="Of this partner, or of a tenant of theirs.")
    scope = WordFilter(ApplicationScope, "scope", label="Whose it is: GLOBAL, PARTNER or TENANT.")
    application_type = WordFilter(ApplicationType, "application_type", label="WEB, SPA, NATIVE or SERVICE.")

    def under(self, rows: Any, name: str, value: Any) -> Any:
        return rows.filter(Q(partner=value) | Q(tenant__partner=value))


class AgentFilters(ResourceFilters):
    searched = ("name", "client_id")

    tenant_id = HandleFilter(Prefix.TENANT, "tenant", label="Of this tenant.")
    partner_id = HandleFilter(Prefix.PARTNER, "tenant__partner", label="Of a tenant of this partner.")
    agent_type = TextFilter("agent_type", label="Of this very type.")


APPLICATIONS = Listing(ApplicationFilters, BY_NAME)
AGENTS = Listing(AgentFilters, BY_NAME)
