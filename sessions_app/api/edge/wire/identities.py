"""A user as an identity. What the controller keeps of an identity and Curfew of nobody is empty."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject

from accounts.models.users import is_admin, user_is_up
from core.ids import Prefix, show
from sessions_app.api.edge.filters.identities import AUTH_POLICY, TYPE
from sessions_app.api.edge.wire.sessions import Row, flag, moment
from sessions_app.models import Session

_LIVE = Session.objects.live().filter(user=OuterRef("pk"))
IDENTITY_COLUMNS = JSONObject(
    id="id",
    name="email",
    created_at="created_at",
    updated_at="updated_at",
    is_admin=flag(is_admin()),
    is_up=flag(user_is_up()),
    has_totp=flag(Q(totp__confirmed_at__isnull=False)),
    has_session=Exists(_LIVE),
)


def identity(row: Row) -> dict[str, Any]:
    handle = show(Prefix.USER, UUID(row["id"]))
    return _identity(row, handle, f"./identities/{handle}")


def current_identity(row: Row) -> dict[str, Any]:
    return _identity(row, show(Prefix.USER, UUID(row["id"])), "./current-identity")


def _identity(row: Row, handle: str, href: str) -> dict[str, Any]:
    return {
        "id": handle,
        "createdAt": moment(row["created_at"]),
        "updatedAt": moment(row["updated_at"]),
        "_links": {"self": {"href": href}},
        "tags": {},
        "name": row["name"],
        "type": {"entity": "identity-types", "id": TYPE, "name": TYPE, "_links": {}},
        "typeId": TYPE,
        "isAdmin": row["is_admin"],
        "isDefaultAdmin": False,
        "isMfaEnabled": row["has_totp"],
        "hasApiSession": row["has_session"],
        "disabled": not row["is_up"],
        "authPolicy": {"entity": "auth-policies", "id": AUTH_POLICY, "name": "Default", "_links": {}},
        "authPolicyId": AUTH_POLICY,
        "externalId": None,
        "roleAttributes": [],
        "permissions": [],
        "authenticators": {},
        "enrollment": {},
        "envInfo": {},
        "sdkInfo": {},
        "appData": {},
        "hasEdgeRouterConnection": False,
        "edgeRouterConnectionStatus": "offline",
        "defaultHostingCost": 0,
        "defaultHostingPrecedence": "default",
        "serviceHostingCosts": {},
        "serviceHostingPrecedences": {},
    }
