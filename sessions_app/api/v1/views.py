from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations as accounts
from accounts.models import User
from core.access import Tier
from core.ids import Prefix
from core.schema import enveloped, refused
from core.v1 import V1ViewSet
from sessions_app import operations
from sessions_app.api.v1 import serializers, wire
from sessions_app.models import Reach, Session, SessionQuerySet

THROTTLED = refused("Too many failed sign-ins; wait as long as Retry-After says")
SIGN_IN = {200: enveloped(serializers.SignedIn), 401: serializers.SignInRefused, 429: THROTTLED}


class AuthViewSet(V1ViewSet):
    tag = "Signing in"
    public = frozenset({"login", "login_to_tenant", "refresh"})
    writes = {"logout": Tier.USER}
    with_session = frozenset({"logout"})
    errors = wire.SIGN_IN_ERRORS

    @extend_schema(operation_id="login", request=serializers.Credentials, responses=SIGN_IN)
    def login(self, request: Request) -> Response:
        """Sign in. People of a tenant name it when their e-mail exists in several."""
        credentials = accounts.Credentials(**self.body(serializers.Credentials))
        return self.answer(wire.signed_in(operations.sign_in(credentials, origin=self.origin)))

    @extend_schema(operation_id="login_to_tenant", request=serializers.TenantCredentials, responses=SIGN_IN)
    def login_to_tenant(self, request: Request, slug: str) -> Response:
        """Sign in to the tenant that the path names."""
        credentials = accounts.Credentials(**self.body(serializers.TenantCredentials), tenant=slug)
        return self.answer(wire.signed_in(operations.sign_in(credentials, origin=self.origin)))

    @extend_schema(
        operation_id="refresh",
        request=serializers.RefreshRequest,
        responses={200: enveloped(serializers.SignedIn), 401: serializers.SignInRefused},
    )
    def refresh(self, request: Request) -> Response:
        """A new pair for an old one. The same token again within ten seconds gets the same successor; later, it
        is taken for stolen and ends the session."""
        token = self.body(serializers.RefreshRequest)["refresh_token"]
        return self.answer(wire.signed_in(operations.refresh(token, origin=self.origin)))

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def logout(self, request: Request) -> Response:
        """End the session this token belongs to."""
        operations.sign_out(self.session_id, actor=self.principal)
        return self.nothing()


class MeViewSet(V1ViewSet):
    tag = "My account"
    reads = {"retrieve": Tier.USER}

    @extend_schema(operation_id="me", responses=enveloped(serializers.Me))
    def retrieve(self, request: Request) -> Response:
        """Who am I, and by which session?"""
        user = User.objects.with_totp().select_related("tenant").get(pk=self.user_id)
        current = self.principal.session_id
        shown = wire.list_items(Session.objects.seen_by(self.principal).filter(pk=current)) if current else [None]
        return self.answer({**wire.person(user), "mfa_enabled": user.has_totp, "session": shown[0]})


class MySessionViewSet(V1ViewSet):
    """One's own sessions. An administrator has no more power here than anybody."""

    tag = "My sessions"
    reads = {"list": Tier.USER}
    writes = {"revoke_others": Tier.USER, "destroy": Tier.USER}
    missing = "Session not found"

    @property
    def mine(self) -> SessionQuerySet:
        return Session.objects.for_user(self.user_id)

    @extend_schema(operation_id="list_my_sessions", responses=enveloped(serializers.SessionListItem, many=True))
    def list(self, request: Request) -> Response:
        """Where you are signed in, newest first."""
        return self.answer(wire.list_items(self.mine.live().seen_by(self.principal).newest_first()))

    @extend_schema(
        operation_id="revoke_my_other_sessions",
        request=None,
        responses=enveloped(serializers.SessionRevokeResponse),
    )
    def revoke_others(self, request: Request) -> Response:
        """End every session of yours but this one, sign-ins under way included."""
        me = self.principal
        ended = operations.revoke_scope(
            Reach.USER, self.user_id, actor=me, reason="ended by its user", spare=me.session_id
        )
        return self.answer(wire.ended(ended))

    @extend_schema(
        operation_id="revoke_my_session", request=None, responses={200: enveloped(serializers.SessionRevokeResponse)}
    )
    def destroy(self, request: Request, session_id: str) -> Response:
        """End one session of yours. Its next request is refused, everywhere."""
        named = self.mine.filter(pk=self.id_or_404(Prefix.SESSION, session_id))
        self.found(named.count())
        return self.answer(wire.ended(operations.revoke(named, actor=self.principal, reason="ended by its user")))
