"""v1's formats of sessions and revocations, and its messages for refused sign-ins."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef

from accounts import operations as accounts
from accounts.models import User
from accounts.models.users import name_of
from core.access import Principal, Tier
from core.api.v1 import ValidationFailed, error_item
from core.humanize import how_many
from core.ids import Prefix, decode_id, encode_id
from sessions_app import operations
from sessions_app.api.v1.filters import SESSION_STATUSES, WireScope
from sessions_app.api.v1.serializers import TARGETS, RevocationStatus
from sessions_app.endings import ending_of
from sessions_app.models import RevocationScope, State
from sessions_app.scopes import revocable_targets
from tenancy.models import Tenant


def session_limit_message(refusal: operations.SessionLimitReached) -> str:
    return f"This account has reached its limit of {how_many(refusal.allowed, 'session')}; end one of them first"


SIGN_IN_ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    accounts.SecondFactorMissing: (
        HTTPStatus.UNAUTHORIZED,
        {"detail": "This account has MFA: send totp_code or recovery_code", "mfa_required": True},
    ),
    accounts.SignInRefused: (HTTPStatus.UNAUTHORIZED, "Wrong e-mail, password, code or tenant"),
    accounts.Throttled: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many failed sign-ins; wait as many seconds as Retry-After says",
    ),
    operations.RevokedDuringSignIn: (
        HTTPStatus.UNAUTHORIZED,
        "Your sessions were revoked while you were signing in; sign in again",
    ),
    operations.SessionLimitReached: (HTTPStatus.CONFLICT, session_limit_message),
    operations.RefreshRefused: (HTTPStatus.UNAUTHORIZED, "This refresh token is not valid any more; sign in again"),
}
ENDED = ("revoked_at", "revoked_by", "revoke_reason", "revocation_id")
LIST_COLUMNS = (
    "id",
    "user_id",
    "user_email",
    "ip_address",
    "user_agent",
    "device_type",
    "is_current",
    "created_at",
    "last_activity_at",
    "expires_at",
    "app_count",
)
COLUMNS = (
    *LIST_COLUMNS,
    "user_display_name",
    "user_first_name",
    "user_last_name",
    "location",
    "application_uses",
    "state",
    "times_out_at",
    "pending_revocation",
    *ENDED,
)
NAME = ("email", "display_name", "first_name", "last_name")
ACCOUNT = ("id", "role", "tenant_id", "tenant_kind", "tenant__partner_id", *NAME)
SCOPES = {
    RevocationScope.APPLICATION: Prefix.APPLICATION,
    RevocationScope.PARTNER: Prefix.PARTNER,
    RevocationScope.SESSION: Prefix.SESSION,
    RevocationScope.TENANT: Prefix.TENANT,
    RevocationScope.USER: Prefix.USER,
}


def list_item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "id": encode_id(Prefix.SESSION, row["id"]),
        "user_id": encode_id(Prefix.USER, row["user_id"]),
        "user_agent": row["user_agent"] or None,
        "device_type": row["device_type"] or None,
    }


def session(row: Mapping[str, Any]) -> dict[str, Any]:
    status = SESSION_STATUSES[State(row["state"])]
    return {
        "id": encode_id(Prefix.SESSION, row["id"]),
        "user_id": encode_id(Prefix.USER, row["user_id"]),
        "user_email": row["user_email"],
        "user_display_name": name_of(*(row[f"user_{part}"] for part in NAME)),
        "ip_address": row["ip_address"],
        "user_agent": row["user_agent"] or None,
        "device_type": row["device_type"] or None,
        "location": row["location"] or None,
        "is_current": row["is_current"],
        "created_at": row["created_at"],
        "last_activity_at": row["last_activity_at"],
        "expires_at": row["expires_at"],
        "sso_apps": [application(each) for each in row["application_uses"]],
        "status": status,
        **ending(row),
    }


def application(use: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "application_id": encode_id(Prefix.APPLICATION, UUID(use["id"])),
        "application_name": use["name"],
        "accessed_at": datetime.fromisoformat(use["accessed_at"]),
    }


def ending(row: Mapping[str, Any]) -> dict[str, Any]:
    ending = ending_of(row)
    revocation_id = encode_id(Prefix.REVOCATION, ending.revocation_id) if ending.revocation_id else None
    return dict(zip(ENDED, (ending.at, ending.by, ending.reason, revocation_id), strict=True))


def signed_in(result: operations.SignedIn) -> dict[str, Any]:
    return {
        "access_token": result.access_token,
        "refresh_token": result.refresh_token,
        "token_type": "Bearer",
        "expires_in": result.expires_in,
        "session_id": result.session.handle,
        "user": person(result.session.user),
    }


def person(user: User) -> dict[str, Any]:
    return account(
        {
            **{name: getattr(user, name) for name in ("id", "role", "tenant_id", "tenant_kind", *NAME)},
            "tenant__partner_id": user.tenant.partner_id,
        }
    )


def account(row: Mapping[str, Any]) -> dict[str, Any]:
    """Represent the columns `ACCOUNT` of a user. Staff tenants are internal, so their users appear without a tenant."""
    is_staff, partner_id = row["tenant_kind"] != Tenant.Kind.CUSTOMER, row["tenant__partner_id"]
    return {
        "id": encode_id(Prefix.USER, row["id"]),
        "email": row["email"],
        "display_name": name_of(*(row[part] for part in NAME)),
        "role": row["role"],
        "tenant_id": None if is_staff else encode_id(Prefix.TENANT, row["tenant_id"]),
        "partner_id": encode_id(Prefix.PARTNER, partner_id) if partner_id else None,
    }


def revocations(rows: Any) -> Any:
    staff = Tenant.objects.filter(pk=OuterRef("tenant_id")).exclude(kind=Tenant.Kind.CUSTOMER)
    return rows.annotate(is_of_staff=Exists(staff)).values()


def revocation(row: Mapping[str, Any]) -> dict[str, Any]:
    """Represent a revocation. Staff tenants are internal, so theirs appear without a tenant."""
    scope, target_id = RevocationScope(row["reach"]), row["target_id"]
    tenant_id, partner_id = None if row["is_of_staff"] else row["tenant_id"], row["partner_id"]
    return {
        "id": encode_id(Prefix.REVOCATION, row["id"]),
        "number": row["number"],
        "scope": WireScope.of(scope),
        "scope_id": encode_id(SCOPES[scope], target_id) if target_id else None,
        "filter": row["selection"],
        "reason": row["reason"],
        "actor_id": row["actor_id"],
        "actor_email": row["actor_label"],
        "tenant_id": encode_id(Prefix.TENANT, tenant_id) if tenant_id else None,
        "partner_id": encode_id(Prefix.PARTNER, partner_id) if partner_id else None,
        "revoked_count": row["revoked_count"],
        "swept_count": row["swept_count"],
        "created_at": row["created_at"],
        "swept_at": row["swept_at"],
        "status": RevocationStatus.COMPLETE if row["swept_at"] else RevocationStatus.SWEEPING,
    }


def target(data: Mapping[str, Any], principal: Principal) -> tuple[RevocationScope, UUID | None]:
    """Return the scope and the target of a revoke-all. Unknown targets and forbidden ones are refused alike."""
    if data["all"]:
        if principal.tier is not Tier.SUPER:
            raise PermissionDenied
        return RevocationScope.PLATFORM, None
    name = next(name for name in TARGETS if data.get(name))
    scope = RevocationScope(name.removesuffix("_id"))
    target = revocable_targets(scope, principal).filter(pk=decode_id(SCOPES[scope], data[name])).first()
    if target is None:
        raise PermissionDenied
    if isinstance(target, User) and data.get("tenant_id") not in (None, encode_id(Prefix.TENANT, target.tenant_id)):
        raise ValidationFailed(error_item(("body", "tenant_id"), "Input should be this user's tenant"))
    return scope, target.pk


def revoked(result: operations.RevocationResult, *, is_brief: bool = False) -> dict[str, Any]:
    """Represent a result for administrators: with the revocation, and whether all ids are listed."""
    body = ended(result, is_brief=is_brief)
    return {
        **body,
        "revocation_id": result.revocation.handle if result.revocation else None,
        "session_ids_truncated": result.count > len(body["session_ids"]),
    }


def ended(result: operations.RevocationResult, *, is_brief: bool = False) -> dict[str, Any]:
    session_ids = [] if is_brief else result.session_ids
    return {
        "revoked_count": result.count,
        "session_ids": [encode_id(Prefix.SESSION, session_id) for session_id in session_ids],
    }
