"""May they call this function at all? Decided from the view's own declaration, before any lookup."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.access import Principal, Scope, Tier

NEEDS_SCOPE = "Platform token requires admin:read or admin:write scope"
NEEDS_USER = "This endpoint speaks of the signed-in user, and a platform token has none"
NEEDS_SESSION = "An API key cannot do this; sign in"


class DenyAll(BasePermission):
    """What a view gets that declares nothing."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class Declared(BasePermission):
    """Each action is named by its view, once: in `public`, or with the tier it takes in `reads` or `writes`.

    `with_session` names those that an API key is not enough for.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        action = view.action_map.get((request.method or "").lower())  # DRF itself calls any OPTIONS "metadata"
        if action in view.public or (action is None and view.public.issuperset(view.action_map.values())):
            return True
        principal = request.auth
        if not isinstance(principal, Principal):
            return False  # DRF makes it a 401
        if action is None:
            return True  # an undeclared method: who it is, is settled, and the answer is 405
        tier, scope = declared(view, action)
        if tier is Tier.NONE:
            return False  # whoever it is: no tier is enough, and no scope either
        if tier is Tier.USER:
            return _personal(principal, needs_session=action in view.with_session)
        return _scoped(principal, scope) if principal.is_platform else principal.tier >= tier


def declared(view: Any, action: str) -> tuple[Tier, Scope]:
    """The tier an action takes; NONE, which nobody has enough of, when the view does not say."""
    if action in view.reads:
        return view.reads[action], Scope.ADMIN_READ
    return view.writes.get(action, Tier.NONE), Scope.ADMIN_WRITE


def _personal(principal: Principal, *, needs_session: bool) -> bool:
    if principal.is_platform:
        raise PermissionDenied(NEEDS_USER)
    if needs_session and principal.session_id is None:
        raise PermissionDenied(NEEDS_SESSION)
    return True


def _scoped(principal: Principal, scope: Scope) -> bool:
    if scope not in principal.scopes:
        raise PermissionDenied(NEEDS_SCOPE)
    return True
