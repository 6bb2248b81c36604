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
from sessions_app.models import Reach, SessionState, SessionStateQuerySet
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
    """One's own live sessions."""

    authentication_classes = [wire.ApiKeyAuthentication, wire.TokenAuthentication, CookieAuthentication]
    throttle_classes = [wire.Pace]
    credentials_in = "Authorization, Cookie, X-Api-Key"
    reads = {"list": Tier.USER, "count": Tier.USER}
    writes = {"destroy_all": Tier.USER, "destroy": Tier.USER}
    errors = wire.ERRORS
    missing = "Session not found or failed to revoke"
    schema = AutoSchema()

    def get_exception_handler(self) -> Callable[..., Any]:
        return recording_refusals(wire.exception_handler)

    @property
    def mine(self) -> SessionStateQuerySet:
        return SessionState.objects.for_user(self.user_id).live()

    def in_order(self) -> Any:
        rows = self.mine.order_by("-expires_at", "-id").annotate(total=Window(Count("*")))
        return rows.values(*wire.COLUMNS, "total")

    def first_page(self) -> Any:
        return self.in_order()[: wire.PER_PAGE]

    def total(self) -> Any:
        return self.mine.values(count=Func("pk", function="COUNT", output_field=IntegerField()))

    @extend_schema(
        operation_id="listAccountSessions",
        tags=["Account sessions"],
        parameters=PARAMETERS,
        responses={200: serializers.AccountSessions, 400: serializers.AccountError, **REFUSED},
    )
    def list(self, request: Request) -> Response:
        """List your sessions. Returns active sessions; those that expire last come first."""
        page = wire.Page.of(request.META["QUERY_STRING"])
        is_usual = not page.start and page.limit == wire.PER_PAGE
        rows = self.fetch(self.first_page) if is_usual else list(self.in_order()[page.start : page.start + page.limit])
        total = rows[0]["total"] if rows else self.mine.count() if page.start else 0
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
        spare = None if is_included else own
        ended = operations.revoke_scope(
            Reach.USER, self.user_id, actor=self.principal, reason=REASON_BY_USER, spare=spare
        )
        return self.revoked(ended.count, is_current=is_included and own is not None)

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
        named = self.mine.filter(pk=pk)
        self.count_or_404(named.count())
        ended = operations.revoke(named, actor=self.principal, reason=REASON_BY_USER)
        self.count_or_404(ended.count)  # somebody else may have been quicker
        return self.revoked(True, is_current=pk == self.principal.session_id)

    def revoked(self, what: int | bool, *, is_current: bool) -> Response:
        answer = Response({"data": {"revoked": what, "currentSessionRevoked": is_current}}, status=HTTPStatus.OK)
        if is_current:
            drop_cookie(self.request, answer)
        return answer
