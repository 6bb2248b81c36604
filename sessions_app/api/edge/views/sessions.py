from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations as accounts
from core.access import Tier
from core.ids import Prefix
from sessions_app import operations
from sessions_app.api.edge import serializers, wire
from sessions_app.api.edge.filters import API_SESSIONS
from sessions_app.api.edge.views.base import EdgeViewSet, ListedViewSet, with_expiry
from sessions_app.models import SessionState, SessionStateQuerySet
from sessions_app.operations.revocation import REASON_BY_ADMIN
from sessions_app.reads.session_pages import live_sessions, visible_live_total

MFA_MESSAGE = (
    "This account has MFA, and this API cannot take its code; sign in at POST /api/v1/auth/login with totp_code"
    " and send the access token as Authorization: Bearer"
)
REVOKED_MESSAGE = "The account's sessions were revoked while it was signing in, sign in again"


def session_limit_error(refusal: operations.SessionLimitReached) -> wire.EdgeError:
    message = f"This account has reached its limit of {refusal.allowed} sessions, end one of them first"
    return wire.EdgeError(wire.Code.INVALID_AUTH, message)


class AuthenticateViewSet(EdgeViewSet):
    public = frozenset({"authenticate"})
    errors = {
        accounts.SecondFactorMissing: (HTTPStatus.UNAUTHORIZED, wire.EdgeError(wire.Code.INVALID_AUTH, MFA_MESSAGE)),
        accounts.SignInRefused: (HTTPStatus.UNAUTHORIZED, wire.EdgeError(wire.Code.INVALID_AUTH)),
        accounts.Throttled: (HTTPStatus.TOO_MANY_REQUESTS, wire.EdgeError(wire.Code.RATE_LIMITED)),
        operations.RevokedDuringSignIn: (
            HTTPStatus.UNAUTHORIZED,
            wire.EdgeError(wire.Code.INVALID_AUTH, REVOKED_MESSAGE),
        ),
        operations.SessionLimitReached: (HTTPStatus.UNAUTHORIZED, session_limit_error),
    }

    @extend_schema(
        operation_id="authenticate",
        tags=["Authentication"],
        parameters=[serializers.METHOD],
        request=serializers.Authenticate,
        responses=serializers.answers(serializers.CURRENT_API_SESSION, 400, 401, 413, 429, 503),
    )
    def authenticate(self, request: Request) -> Response:
        """Sign in. Starts a session; its key is in the header `zt-session` and in `data.token`. Send it with every
        request."""
        if request.query_params.get("method") != "password":
            raise wire.RequestError(wire.EdgeError(wire.Code.INVALID_AUTH_METHOD))
        credentials = wire.parse_credentials(request.data)
        signed_in = operations.sign_in(credentials, origin=self.origin, with_key=True)
        row = self.first_or_404(
            SessionState.objects.filter(pk=signed_in.session.pk).values_list(wire.SESSION_COLUMNS, flat=True)
        )
        response = self.answer(wire.current_session(row, signed_in.key))
        response["zt-session"] = signed_in.key
        return with_expiry(response, datetime.fromisoformat(row["until"]))


class CurrentApiSessionViewSet(EdgeViewSet):
    reads = {"retrieve": Tier.USER}
    writes = {"destroy": Tier.USER}
    with_session = frozenset({"retrieve", "destroy"})
    entity = "apiSession"

    @extend_schema(
        operation_id="getCurrentAPISession",
        tags=["Current API Session"],
        responses=serializers.answers(serializers.CURRENT_API_SESSION, 401, 503),
    )
    def retrieve(self, request: Request) -> Response:
        """Get the current session. If the request has a session key, `data.token` repeats it."""
        row = self.first_or_404(self.fetch(self.current))["shown"]
        return self.answer(wire.current_session(row, wire.session_key_of(request)))

    def current(self) -> Any:
        mine = SessionState.objects.for_user(self.user_id).live().filter(pk=self.session_id)
        return mine.values(shown=wire.SESSION_COLUMNS)

    @extend_schema(
        operation_id="currentApiSessionDelete",
        tags=["Current API Session"],
        request=None,
        responses=serializers.answers(serializers.EMPTY, 401, 503),
    )
    def destroy(self, request: Request) -> Response:
        """Sign out. Revokes the current session."""
        operations.sign_out(self.session_id, actor=self.principal)
        return self.ended(self.session_id)


class ApiSessionViewSet(ListedViewSet):
    """The live sessions that the caller can see. Ended sessions are not found."""

    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = {"destroy": Tier.TENANT}
    entity, id_in_path = "apiSession", "session_id"
    prefix, symbols, columns = Prefix.SESSION, API_SESSIONS, wire.SESSION_COLUMNS

    def get_queryset(self) -> SessionStateQuerySet:
        return SessionState.objects.visible_to(self.principal).live()

    def get_list_queryset(self) -> SessionStateQuerySet:
        return live_sessions(self.principal)

    def to_representation(self, rows: Sequence[wire.Row]) -> list[dict[str, Any]]:
        return [wire.session(row) for row in rows]

    def total_expression(self) -> Any:
        return visible_live_total(self.principal)

    @extend_schema(
        operation_id="listAPISessions",
        tags=["API Session"],
        parameters=serializers.page('ipAddress = "192.0.2.7" sort by createdAt desc limit 50'),
        responses=serializers.answers(serializers.API_SESSIONS, 400, 401, 429, 503),
    )
    def list(self, request: Request) -> Response:
        """List active sessions. Filtered, sorted and paged. In a filter, AND and OR have the same precedence and
        associate to the right."""
        return self.answer_list()

    @extend_schema(
        operation_id="detailAPISessions",
        tags=["API Session"],
        responses=serializers.answers(serializers.API_SESSION, 401, 404, 503),
    )
    def retrieve(self, request: Request, session_id: str) -> Response:
        """Get an active session. A session that has ended is not found."""
        return self.answer_detail()

    @extend_schema(
        operation_id="deleteAPISessions",
        tags=["API Session"],
        request=None,
        responses=serializers.answers(serializers.EMPTY, 401, 404, 409, 503),
    )
    def destroy(self, request: Request, session_id: str) -> Response:
        """Revoke a session. Its next request is refused, on every server. A session that has ended is not found."""
        mine = self.check_writable(self.get_object_rows()).writable_by(self.principal)
        self.count_or_404(operations.revoke(mine, actor=self.principal, reason=REASON_BY_ADMIN).count)
        return self.ended(self.id_or_404(Prefix.SESSION, session_id))
