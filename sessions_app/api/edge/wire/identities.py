"""Represent a user as an identity. Fields that Curfew has no data for are empty."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import JSONObject

from accounts.models.users import is_admin, user_is_active
from core.ids import Prefix, encode_id
from sessions_app.api.edge.filters.identities import AUTH_POLICY, TYPE
from sessions_app.api.edge.wire.sessions import Row, as_boolean, timestamp

IDENTITY_COLUMNS = JSONObject(
    id="id",
    name="email",
    created_at="created_at",
    updated_at="updated_at",
    is_admin=as_boolean(is_admin()),
    is_active=as_boolean(user_is_active()),
    has_totp=as_boolean(Q(totp__confirmed_at__isnull=False)),
)


def identity(row: Row, *, has_session: bool) -> dict[str, Any]:
    handle = encode_id(Prefix.USER, UUID(row["id"]))
    return {
        "id": handle,
        "createdAt": timestamp(row["created_at"]),
        "updatedAt": timestamp(row["updated_at"]),
        "_links": {"self": {"href": f"./identities/{handle}"}},
        "tags": {},
        "name": row["name"],
        "type": {"entity": "identity-types", "id": TYPE, "name": TYPE, "_links": {}},
        "typeId": TYPE,
        "isAdmin": row["is_admin"],
        "isDefaultAdmin": False,
        "isMfaEnabled": row["has_totp"],
        "hasApiSession": has_session,
        "disabled": not row["is_active"],
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
