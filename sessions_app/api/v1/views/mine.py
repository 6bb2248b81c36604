from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core.access import Tier
from core.api.schema import enveloped
from core.api.v1 import V1ViewSet
from core.ids import Prefix
from sessions_app import operations
from sessions_app.api.v1 import serializers, wire
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet
from sessions_app.operations.revocation import REASON_BY_USER

LISTED_AT_MOST = 1_000


class MeViewSet(V1ViewSet):
    tag = "My account"
    reads = {"retrieve": Tier.USER}

    @extend_schema(operation_id="me", responses=enveloped(serializers.Me))
    def retrieve(self, request: Request) -> Response:
        """Get the signed-in user and the current session. Answers 401 if the session is no longer active."""
        [user] = self.fetch(self.account)
        current = self.fetch(self.current) if self.principal.session_id else []
        session = wire.list_item(current[0]) if current else None
        return self.answer({**wire.account(user), "mfa_enabled": user["has_totp"], "session": session})

    def account(self) -> Any:
        return User.objects.with_totp().filter(pk=self.user_id).values(*wire.ACCOUNT, "has_totp")

    def current(self) -> Any:
        mine = SessionState.objects.filter(pk=self.session_id)
        return mine.with_is_current(self.principal).values(*wire.LIST_COLUMNS)


class MySessionViewSet(V1ViewSet):
    """One's own sessions. An administrator has no more power here than anybody."""

    tag = "My sessions"
    reads = {"list": Tier.USER}
    writes = {"revoke_others": Tier.USER, "destroy": Tier.USER}
    expensive = frozenset({"revoke_others"})
    missing = "Session not found"

    @property
    def mine(self) -> SessionStateQuerySet:
        return SessionState.objects.for_user(self.user_id)

    @extend_schema(operation_id="list_my_sessions", responses=enveloped(serializers.SessionListItem, many=True))
    def list(self, request: Request) -> Response:
        """List your sessions. Returns active sessions, newest first, at most 1,000; `is_current` marks this one."""
        return self.answer([wire.list_item(row) for row in self.fetch(self.live, most=LISTED_AT_MOST)])

    def live(self, most: int) -> Any:
        mine = self.mine.live().with_is_current(self.principal).newest_first()
        return mine.values(*wire.LIST_COLUMNS)[:most]

    @extend_schema(
        operation_id="revoke_my_other_sessions",
        request=None,
        responses=enveloped(serializers.SessionRevokeResponse),
    )
    def revoke_others(self, request: Request) -> Response:
        """Revoke your other sessions. This session stays; sign-ins in progress are refused."""
        me = self.principal
        ended = operations.revoke_scope(
            RevocationScope.USER, self.user_id, actor=me, reason=REASON_BY_USER, except_session_id=me.session_id
        )
        return self.preferred(self.answer(wire.ended(ended, is_brief=self.is_brief)))

    @extend_schema(
        operation_id="revoke_my_session", request=None, responses={200: enveloped(serializers.SessionRevokeResponse)}
    )
    def destroy(self, request: Request, session_id: str) -> Response:
        """Revoke one of your sessions. Its next request is refused, on every server."""
        sessions = self.mine.filter(pk=self.id_or_404(Prefix.SESSION, session_id))
        self.count_or_404(sessions.count())
        ended = operations.revoke(sessions, actor=self.principal, reason=REASON_BY_USER)
        return self.preferred(self.answer(wire.ended(ended, is_brief=self.is_brief)))
