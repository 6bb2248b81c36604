from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.refusal_log import recording_refusals
from core.access import Tier
from core.api.query_string import NotText, parse
from core.api.throttling import ExpensiveRequests
from core.api.views import PolicyViewSet
from core.ids import Prefix
from core.timestamps import to_the_millisecond
from sessions_app import operations
from sessions_app.api.admin_tokens import serializers, wire
from sessions_app.api.authentication import drop_cookie
from sessions_app.operations.revocation import REASON_BY_ADMIN
from sessions_app.reads.admin_sessions import MAX_SESSIONS, list_admin_sessions, sessions_of_administrators

ACTIVE, ALL = "active", "all"
TAGS = ["Admin tokens"]
STATUS = OpenApiParameter(
    "status",
    str,
    enum=[ACTIVE, ALL],
    default=ACTIVE,
    description="`active` lists active sessions only, `all` also those that have ended.",
)
TRUNCATED = OpenApiParameter(
    wire.TRUNCATED,
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description=f"`true` if there are more than the newest {MAX_SESSIONS:,} that are returned; `count` is the number"
    " of all.",
)
REFUSED = dict.fromkeys((401, 429, 500, 503), serializers.AdminTokensError)


class UnknownStatus(Exception):
    """The query parameter `status` has an unknown value."""


class NoStoreViewSet(PolicyViewSet):
    """A view whose responses must never be cached."""

    schema = AutoSchema()
    failures: ClassVar[dict[str, str]] = {}

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in wire.NO_STORE.items():
            final[name] = value
        return final


class AdminTokenViewSet(NoStoreViewSet):
    """The sessions of administrators of every tier, for super admins."""

    authentication_classes = [wire.AdminKeyAuthentication, wire.TokenAuthentication, wire.AdminCookieAuthentication]
    throttle_classes = [ExpensiveRequests]
    credentials_in = "Authorization, Cookie, X-Admin-Key"
    reads = {"list": Tier.SUPER}
    writes = {"destroy": Tier.SUPER, "revoke_all": Tier.SUPER}
    expensive = frozenset({"revoke_all"})
    errors = dict.fromkeys((NotText, UnknownStatus), (HTTPStatus.BAD_REQUEST, f"status takes {ACTIVE} or {ALL}"))
    failures = {
        "list": "Failed to list sessions",
        "destroy": "Failed to revoke session",
        "revoke_all": "Failed to revoke sessions",
    }
    missing = "Session not found or invalid jti"

    def get_exception_handler(self) -> Callable[..., Any]:
        return recording_refusals(wire.exception_handler)

    @extend_schema(
        operation_id="listAdminSessions",
        tags=TAGS,
        parameters=[STATUS, TRUNCATED],
        responses={200: serializers.AdminSessions, 400: serializers.AdminTokensError, **REFUSED},
    )
    def list(self, request: Request) -> Response:
        """List the sessions of administrators. Newest first, from every tier."""
        status = parse(request.META["QUERY_STRING"], {"status"}).get("status", ACTIVE)
        if status not in (ACTIVE, ALL):
            raise UnknownStatus
        listing = list_admin_sessions(seen_by=self.principal, with_ended=status == ALL)
        return Response(wire.session_list(listing), headers={wire.TRUNCATED: "true"} if listing.is_truncated else None)

    @extend_schema(
        operation_id="revokeAdminSession",
        tags=TAGS,
        responses={
            200: serializers.AdminSessionRevoked,
            **dict.fromkeys((403, 404, 409), serializers.AdminTokensError),
            **REFUSED,
        },
    )
    def destroy(self, request: Request, jti: str) -> Response:
        """Revoke an administrator's session. Its next request is refused, on every server. Revoking it again changes
        nothing."""
        pk = self.id_or_404(Prefix.SESSION, jti.strip())
        sessions = self.check_writable(sessions_of_administrators(seen_by=self.principal).filter(pk=pk))
        operations.revoke(sessions, actor=self.principal, reason=REASON_BY_ADMIN)
        body = {"success": True, "jti": jti.strip()}
        return self.signed_out(body, is_current=pk == self.principal.session_id)

    @extend_schema(
        operation_id="revokeAllAdminSessions",
        tags=TAGS,
        request=None,
        responses={
            200: serializers.AllAdminSessionsRevoked,
            **dict.fromkeys((403, 409), serializers.AdminTokensError),
            **REFUSED,
        },
    )
    def revoke_all(self, request: Request) -> Response:
        """Revoke the sessions of all administrators. Yours too, and sign-ins in progress are refused. The admin key
        stays valid. The token version is raised by one."""
        version, result = operations.bump_token_version(actor=self.principal, reason=REASON_BY_ADMIN)
        assert result.revocation is not None  # noqa: S101 - revoking a scope always creates one
        at = to_the_millisecond(result.revocation.created_at)
        body = {"success": True, "nextTokenVersion": version, "timestamp": at}
        return self.signed_out(body, is_current=True)

    def signed_out(self, body: dict[str, Any], *, is_current: bool) -> Response:
        response = Response(body)
        if is_current:
            drop_cookie(self.request, response)
        return response


class CronViewSet(NoStoreViewSet):
    authentication_classes = [wire.CronAuthentication]
    reads = {"clean_up": Tier.SUPER}  # the original's documentation has it as a GET
    failures = {"clean_up": "Failed to clean up sessions"}

    def get_exception_handler(self) -> Callable[..., Any]:
        return recording_refusals(wire.cron_exception_handler)

    @extend_schema(
        operation_id="cleanUpAdminSessions",
        tags=["Scheduled"],
        responses={200: serializers.CleanedUp, **dict.fromkeys((401, 429, 500, 503), serializers.CronError)},
    )
    def clean_up(self, request: Request) -> Response:
        """Delete old sessions of administrators. Deletes those whose `exp` is more than `ADMIN_SESSION_RETENTION_DAYS`
        days ago."""
        return Response({"ok": True, "deleted": operations.purge_administrators(actor=self.principal)})
