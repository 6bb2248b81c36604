"""How v1 shows a session, and its words for a refused sign-in."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from accounts import operations as accounts
from accounts.models import User
from core.ids import Prefix, show
from sessions_app import operations
from sessions_app.models import SessionQuerySet


def no_room(refusal: operations.NoRoom) -> str:
    return f"This account may have {refusal.allowed} sessions and has them; end one of them first"


SIGN_IN_ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    accounts.SecondFactorMissing: (
        HTTPStatus.UNAUTHORIZED,
        {"detail": "This account also asks for a code: send totp_code or recovery_code", "mfa_required": True},
    ),
    accounts.SignInRefused: (HTTPStatus.UNAUTHORIZED, "Wrong e-mail, password, code or tenant"),
    accounts.Throttled: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many failed sign-ins; wait as long as Retry-After says",
    ),
    operations.EndedMeanwhile: (
        HTTPStatus.UNAUTHORIZED,
        "Your sessions were ended while you were signing in; sign in again",
    ),
    operations.NoRoom: (HTTPStatus.CONFLICT, no_room),
    operations.RefreshRefused: (HTTPStatus.UNAUTHORIZED, "This refresh token is no longer good; sign in again"),
}
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


def list_items(sessions: SessionQuerySet) -> list[dict[str, Any]]:
    return [list_item(row) for row in sessions.values(*LIST_COLUMNS)]


def list_item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "id": show(Prefix.SESSION, row["id"]),
        "user_id": show(Prefix.USER, row["user_id"]),
        "user_agent": row["user_agent"] or None,
        "device_type": row["device_type"] or None,
    }


def signed_in(made: operations.SignedIn) -> dict[str, Any]:
    return {
        "access_token": made.access_token,
        "refresh_token": made.refresh_token,
        "token_type": "Bearer",
        "expires_in": made.expires_in,
        "session_id": made.session.handle,
        "user": person(made.session.user),
    }


def person(user: User) -> dict[str, Any]:
    """Staff tenants are an inner arrangement: outside, their people have none."""
    tenant = user.tenant
    return {
        "id": user.handle,
        "email": user.email,
        "display_name": user.name,
        "role": user.role,
        "tenant_id": None if tenant.is_staff else tenant.handle,
        "partner_id": show(Prefix.PARTNER, tenant.partner_id) if tenant.partner_id else None,
    }


def ended(what: operations.Ended) -> dict[str, Any]:
    return {
        "revoked_count": what.count,
        "session_ids": [show(Prefix.SESSION, session_id) for session_id in what.session_ids],
    }
