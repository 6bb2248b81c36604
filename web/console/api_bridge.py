"""v1's views, asked from within: whoever is at the console is judged, served and recorded as the API does it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.api.v1.views.clients import AgentViewSet, ApplicationViewSet
from accounts.api.v1.views.groups import GroupViewSet
from accounts.api.v1.views.identity_providers import IdentityProviderViewSet
from accounts.api.v1.views.users import UserViewSet
from accounts.models import Agent, Application, Group, IdentityProvider, User
from core.access import Principal
from core.api.errors import ErrorResponse
from core.api.middleware import ORIGIN
from core.api.permissions import declared
from core.api.resources import SESSIONS_ENDED, ResourceViewSet
from core.api.v1 import refusal_in_v1
from tenancy.api.v1.views import PartnerViewSet, TenantViewSet
from tenancy.models import Partner, Tenant

VIEWS: dict[type, type[ResourceViewSet]] = {
    Partner: PartnerViewSet,
    Tenant: TenantViewSet,
    User: UserViewSet,
    Group: GroupViewSet,
    Application: ApplicationViewSet,
    IdentityProvider: IdentityProviderViewSet,
    Agent: AgentViewSet,
}


@dataclass(frozen=True, slots=True)
class Inner:
    """As much of a request as a view of v1 looks at."""

    auth: Principal
    data: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    @property
    def META(self) -> dict[str, Any]:  # noqa: N802 - Django's own word
        return {ORIGIN: self.auth.origin}


def ask(
    model: type, action: str, me: Principal, *where: str, data: Mapping[str, Any] | None = None, version: str = "*"
) -> Response:
    """What the action answers, or whatever it raises. `version` is the one that the operator has seen."""
    if not may(model, action, me):
        raise PermissionDenied
    view: Any = view_of(model, action, me)
    view.kwargs = {"resource_id": where[0]} if where else {}
    said = {} if version == "*" else {"If-Match": f'"{version}"'}
    view.request = Inner(me, data or {}, said)
    view.check_throttles(view.request)
    return getattr(view, action)(view.request, *where)


def may(model: type, action: str, me: Principal) -> bool:
    """Whether they may call it at all: of what is said with a body, that is all there is to know beforehand."""
    return me.tier >= declared(VIEWS[model], action)[0]


def is_theirs(thing: Any, me: Principal) -> bool:
    """To change: this very one, which they are known to see."""
    return type(thing).objects.writable_by(me).filter(pk=thing.pk).exists()


def flaws_of(
    model: type, me: Principal, data: Mapping[str, Any], serializer_class: type[Serializer], thing: Any
) -> ErrorResponse | None:
    """What is wrong with a body by itself, before anything is looked up."""
    serializer = serializer_class(thing, data=data, partial=thing is not None, context={"principal": me})
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        return refusal(error, model)
    return None


def view_of(model: type, action: str, me: Principal) -> ResourceViewSet:
    view: Any = VIEWS[model]()
    view.action, view.kwargs, view.request = action, {}, Inner(me)
    return view


def refusal(error: Exception, model: type) -> ErrorResponse | None:
    """In v1's words; None for what nobody foresaw."""
    return refusal_in_v1(error, VIEWS[model])


def ended_by(answer: Response) -> int:
    return int(answer.headers.get(SESSIONS_ENDED, 0))
