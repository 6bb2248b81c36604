"""Whether a principal may call an action at all, by the view's own declaration and before any lookup."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.access import Principal, Scope, Tier

NEEDS_SCOPE = "Platform token requires admin:read or admin:write scope"
NEEDS_USER = "This endpoint is about the signed-in user, and a client's token has none"
NEEDS_SESSION = "An API key cannot do this; sign in instead"
NEEDS_PERSON = "A client that acts for a user cannot do this; the user must do it"


class DenyAll(BasePermission):
    """Deny everything. The default for views without a declaration."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class ActionPolicy(BasePermission):
    """Each action is named by its view, once: in `public`, or with the tier it takes in `reads` or `writes`.

    `with_session` names those that an API key is not enough for.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        action = view.action_map.get((request.method or "").lower())  # DRF itself calls any OPTIONS "metadata"
        if action in view.public or (action is None and view.public.issuperset(view.action_map.values())):
            return True
        principal = request.auth
        if not isinstance(principal, Principal):
            return False  # which DRF turns into a 401
        if action is None:
            return True  # an undeclared method answers 405
        return is_allowed(principal, view, action)


def is_allowed(principal: Principal, view: Any, action: str) -> bool:
    """Whether the policy of a view, or of its class, lets the principal call an action. A refusal that has a reason to
    tell raises `PermissionDenied`."""
    tier, scope = declared(view, action)
    if tier is Tier.NONE:
        return False  # undeclared actions are denied to every tier and scope
    if tier is Tier.USER:
        return _personal(principal, scope, needs_session=action in view.with_session)
    if principal.is_scoped and scope not in principal.scopes:
        raise PermissionDenied(NEEDS_SCOPE)
    return principal.tier >= tier


def declared(view: Any, action: str) -> tuple[Tier, Scope]:
    """Return the tier that an action needs, or NONE if the view does not declare it."""
    if action in view.reads:
        return view.reads[action], Scope.ADMIN_READ
    return view.writes.get(action, Tier.NONE), Scope.ADMIN_WRITE


def _personal(principal: Principal, scope: Scope, *, needs_session: bool) -> bool:
    if principal.is_machine:
        raise PermissionDenied(NEEDS_USER)
    if principal.delegate and (needs_session or scope is not Scope.ADMIN_READ):
        raise PermissionDenied(NEEDS_PERSON)
    if needs_session and principal.session_id is None:
        raise PermissionDenied(NEEDS_SESSION)
    return True
