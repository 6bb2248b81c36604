"""Filters of v1's lists of users, groups, identity providers, applications and agents."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Role
from accounts.models.applications import ApplicationScope, ApplicationType
from accounts.models.groups import GroupType, members_of
from accounts.models.identity_providers import ProviderType
from core.api.filters import BY_NAME, IN_TIME, BooleanFilter, ChoiceFilter, FilterSet, IdFilter, TextFilter
from core.api.resources import ResourceFilters
from core.ids import Prefix


class TenantOwnedFilters(ResourceFilters):
    ordering_fields = BY_NAME

    tenant_id = IdFilter(Prefix.TENANT, "tenant", label="Only those of this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, "tenant__partner", label="Only those of this partner's tenants.")


class GroupFilters(TenantOwnedFilters):
    searched = ("name", "description")

    status = None  # type: ignore[assignment]  # removes the inherited filter
    group_type = ChoiceFilter(GroupType, "group_type", label="The group type: `SECURITY` or `DISTRIBUTION_LIST`.")


class MemberFilters(FilterSet):
    group_id: UUID  # set by the view

    effective = BooleanFilter(
        default=False, method="in_any_way", label="Include the members of nested groups, at any depth."
    )

    def filter_queryset(self, queryset: Any) -> Any:
        return members_of(self.group_id, effective=bool(self.form.cleaned_data["effective"]))

    def in_any_way(self, rows: Any, name: str, value: Any) -> Any:
        return rows  # applied by `filter_queryset`


class NestedFilters(FilterSet):
    """Nested groups are listed without filters."""

    ordering_fields = BY_NAME


class IdentityProviderFilters(TenantOwnedFilters):
    searched = ("name",)

    provider_type = ChoiceFilter(ProviderType, "provider_type", label="The provider type: `OIDC` or `SAML`.")


class UserFilters(ResourceFilters):
    searched = ("email", "display_name", "first_name", "last_name")
    ordering_fields = {**IN_TIME, "email": ("email", "id")}

    tenant_id = IdFilter(Prefix.TENANT, "tenant", label="Only those of this tenant.")
    partner_id = IdFilter(
        Prefix.PARTNER, "tenant__partner", label="Only the staff of this partner and the users of its tenants."
    )
    role = ChoiceFilter(Role, "role", label="Only users with this role.")


class ApplicationFilters(ResourceFilters):
    searched = ("name", "client_id")
    ordering_fields = BY_NAME

    tenant_id = IdFilter(Prefix.TENANT, "tenant", label="Only those of this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, method="under", label="Only applications of this partner and of its tenants.")
    scope = ChoiceFilter(ApplicationScope, "scope", label="Who may use it: `GLOBAL`, `PARTNER` or `TENANT`.")
    application_type = ChoiceFilter(
        ApplicationType, "application_type", label="The application type: `WEB`, `SPA`, `NATIVE` or `SERVICE`."
    )

    def under(self, rows: Any, name: str, value: Any) -> Any:
        return rows.filter(Q(partner=value) | Q(tenant__partner=value))


class AgentFilters(TenantOwnedFilters):
    searched = ("name", "client_id")

    agent_type = TextFilter("agent_type", lookup_expr="iexact", label="Only agents of this type; case is ignored.")
