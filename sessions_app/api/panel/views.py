from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db.models import Count, Func, IntegerField, Window
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.refusal_log import recording_refusals
from core.access import Tier
from core.api.pagination import query_values
from core.api.views import PolicyViewSet
from core.ids import Prefix
from sessions_app import operations
from sessions_app.api.authentication import CookieAuthentication, drop_cookie
from sessions_app.api.panel import serializers, wire
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet
from sessions_app.operations.revocation import REASON_BY_USER

PARAMETERS = [
    OpenApiParameter("page", wire.PARAMETERS["page"], description="The number of the page."),
    OpenApiParameter("limit", wire.PARAMETERS["limit"], description="How many sessions a page holds."),
]
INCLUDE_CURRENT = OpenApiParameter(
    "includeCurrent", str, description="`true` also revokes the session that sends this request.", default="false"
)
REFUSED = dict.fromkeys((401, 403, 429, 503), serializers.AccountError)


class AccountSessionViewSet(PolicyViewSet):
    """The caller's own live sessions."""

    authentication_classes = [wire.ApiKeyAuthentication, wire.TokenAuthentication, CookieAuthentication]
    throttle_classes = [wire.RateThrottle]
    credentials_in = "Authorization, Cookie, X-Api-Key"
    reads = {"list": Tier.USER, "count": Tier.USER}
    writes = {"destroy_all": Tier.USER, "destroy": Tier.USER}
    errors = wire.ERRORS
    missing = "Session not found or failed to revoke"
    schema = AutoSchema()

    def get_exception_handler(self) -> Callable[..., Any]:
        return recording_refusals(wire.exception_handler)

    @property
    def live_sessions(self) -> SessionStateQuerySet:
        return SessionState.objects.for_user(self.user_id).live()

    def ordered(self) -> Any:
        rows = self.live_sessions.order_by("-expires_at", "-id").annotate(total=Window(Count("*")))
        return rows.values(*wire.COLUMNS, "total")

    def first_page(self) -> Any:
        return self.ordered()[: wire.PER_PAGE]

    def total(self) -> Any:
        return self.live_sessions.values(count=Func("pk", function="COUNT", output_field=IntegerField()))

    @extend_schema(
        operation_id="listAccountSessions",
        tags=["Account sessions"],
        parameters=PARAMETERS,
        responses={200: serializers.AccountSessions, 400: serializers.AccountError, **REFUSED},
    )
    def list(self, request: Request) -> Response:
        """List your sessions. Returns active sessions; those that expire last come first."""
        page = wire.Page.parse(request.META["QUERY_STRING"])
        is_usual = not page.start and page.limit == wire.PER_PAGE
        rows = self.fetch(self.first_page) if is_usual else list(self.ordered()[page.start : page.start + page.limit])
        total = rows[0]["total"] if rows else self.live_sessions.count() if page.start else 0
        return Response(wire.page(rows, self.principal.session_id, page=page, total=total))

    @extend_schema(
        operation_id="countAccountSessions",
        tags=["Account sessions"],
        responses={200: serializers.AccountSessionCount, **REFUSED},
    )
    def count(self, request: Request) -> Response:
        """Count your active sessions. The number is exact."""
        return Response(self.fetch(self.total)[0])

    @extend_schema(
        operation_id="deleteAccountSessions",
        tags=["Account sessions"],
        parameters=[INCLUDE_CURRENT],
        responses={200: serializers.AllAccountSessionsRevoked, 409: serializers.AccountError, **REFUSED},
    )
    def destroy_all(self, request: Request) -> Response:
        """Revoke all of your other sessions. Sign-ins in progress are refused as well. With `includeCurrent=true`, this
        session is revoked too."""
        own = self.principal.session_id
        is_included = query_values(request.META["QUERY_STRING"], {"includeCurrent"}).get("includeCurrent") == "true"
        kept_id = None if is_included else own
        result = operations.revoke_scope(
            RevocationScope.USER, self.user_id, actor=self.principal, reason=REASON_BY_USER, except_session_id=kept_id
        )
        return self.revoked(result.count, is_current=is_included and own is not None)

    @extend_schema(
        operation_id="deleteAccountSession",
        tags=["Account sessions"],
        responses={
            200: serializers.AccountSessionRevoked,
            **dict.fromkeys((400, 404, 409), serializers.AccountError),
            **REFUSED,
        },
    )
    def destroy(self, request: Request, token: str) -> Response:
        """Revoke one of your sessions. Its next request is refused, on every server."""
        if not token.strip():
            raise wire.MissingToken
        pk = self.id_or_404(Prefix.SESSION, token.strip())
        session = self.live_sessions.filter(pk=pk)
        self.count_or_404(session.count())
        result = operations.revoke(session, actor=self.principal, reason=REASON_BY_USER)
        self.count_or_404(result.count)  # it may have been revoked in between
        return self.revoked(True, is_current=pk == self.principal.session_id)

    def revoked(self, result: int | bool, *, is_current: bool) -> Response:
        response = Response({"data": {"revoked": result, "currentSessionRevoked": is_current}}, status=HTTPStatus.OK)
        if is_current:
            drop_cookie(self.request, response)
        return response
