from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.refusal_log import recording_refusals
from core.access import Tier
from core.api.query_string import NotText, said
from core.api.throttling import ExpensiveRequests
from core.api.views import PolicyViewSet
from core.ids import Prefix
from core.timestamps import to_the_millisecond
from sessions_app import operations
from sessions_app.api.admin_tokens import serializers, wire
from sessions_app.api.authentication import drop_cookie
from sessions_app.operations.revocation import REASON_BY_ADMIN
from sessions_app.reads.admin_sessions import MOST, list_admin_sessions, sessions_of_administrators

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
    description=f"`true` if there are more than the newest {MOST:,} that are returned; `count` is the number of all.",
)
REFUSED = dict.fromkeys((401, 429, 500, 503), serializers.AdminTokensError)


class UnknownStatus(Exception):
    """The list is asked for by a word that it does not know."""


class NotKeptViewSet(PolicyViewSet):
    """What it answers is for nobody to keep, whoever they are."""

    schema = AutoSchema()
    failures: ClassVar[dict[str, str]] = {}

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in wire.NOT_KEPT.items():
            final[name] = value
        return final


class AdminTokenViewSet(NotKeptViewSet):
    """The sessions of administrators of every tier, for the platform's own."""

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
        asked = said(request.META["QUERY_STRING"], {"status"}).get("status", ACTIVE)
        if asked not in (ACTIVE, ALL):
            raise UnknownStatus
        told = list_admin_sessions(seen_by=self.principal, with_ended=asked == ALL)
        return Response(wire.roll(told), headers={wire.TRUNCATED: "true"} if told.is_truncated else None)

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
        named = self.check_writable(sessions_of_administrators(seen_by=self.principal).filter(pk=pk))
        operations.revoke(named, actor=self.principal, reason=REASON_BY_ADMIN)
        answer = {"success": True, "jti": jti.strip()}
        return self.signed_out(answer, is_current=pk == self.principal.session_id)

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
        version, ended = operations.bump_token_version(actor=self.principal, reason=REASON_BY_ADMIN)
        assert ended.revocation is not None  # noqa: S101 - a scope-wide act always has one
        at = to_the_millisecond(ended.revocation.created_at)
        answer = {"success": True, "nextTokenVersion": version, "timestamp": at}
        return self.signed_out(answer, is_current=True)

    def signed_out(self, answer: dict[str, Any], *, is_current: bool) -> Response:
        response = Response(answer)
        if is_current:
            drop_cookie(self.request, response)
        return response


class CronViewSet(NotKeptViewSet):
    authentication_classes = [wire.CronAuthentication]
    reads = {"clean_up": Tier.SUPER}  # its document has it by GET
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
