"""What the console shares with v1 about each resource: its policy, its inputs, and the wording of its errors.

The classes of v1's view sets are read as declarations. None of them is ever instantiated, and no request is made for
one: what changes something is a serializer's `save()` or an operation.
"""

from typing import Any

from accounts.api.v1.views.clients import AgentViewSet, ApplicationViewSet
from accounts.api.v1.views.groups import GroupViewSet
from accounts.api.v1.views.identity_providers import IdentityProviderViewSet
from accounts.api.v1.views.users import UserViewSet
from accounts.models import Agent, Application, Group, IdentityProvider, User
from core.access import Principal
from core.api import permissions
from core.api.errors import ErrorResponse
from core.api.resources import ResourceViewSet
from core.api.v1 import refusal_in_v1
from tenancy.api.v1.views import PartnerViewSet, TenantViewSet
from tenancy.models import Partner, Tenant

RESOURCES: dict[type, type[ResourceViewSet]] = {
    Partner: PartnerViewSet,
    Tenant: TenantViewSet,
    User: UserViewSet,
    Group: GroupViewSet,
    Application: ApplicationViewSet,
    IdentityProvider: IdentityProviderViewSet,
    Agent: AgentViewSet,
}


def is_allowed(model: type, action: str, principal: Principal) -> bool:
    """Whether the policy lets the principal call one of v1's actions, before anything is looked up."""
    return permissions.is_allowed(principal, RESOURCES[model], action)


def is_writable(instance: Any, principal: Principal) -> bool:
    """Whether the principal may change this instance, which they are known to see."""
    return type(instance).objects.writable_by(principal).filter(pk=instance.pk).exists()


def error_response(error: Exception, model: type) -> ErrorResponse | None:
    """The status and the text that v1 has for an error; None for one that nobody foresaw."""
    return refusal_in_v1(error, RESOURCES[model])
