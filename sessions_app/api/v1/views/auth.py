from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations as accounts
from core.access import Tier
from core.api.schema import enveloped, refused
from core.api.v1 import V1ViewSet
from sessions_app import operations
from sessions_app.api import cookies
from sessions_app.api.authentication import require_same_site
from sessions_app.api.v1 import serializers, wire

THROTTLED = refused("Too many failed sign-ins. Wait as many seconds as `Retry-After` says.")
AT_THE_LIMIT = refused("The account has as many sessions as its policy allows, and the policy refuses another.")
SIGN_IN = {
    200: enveloped(serializers.SignedIn),
    401: serializers.SignInRefused,
    409: AT_THE_LIMIT,
    429: THROTTLED,
}


class AuthViewSet(V1ViewSet):
    tag = "Signing in"
    public = frozenset({"login", "login_to_tenant", "refresh"})
    writes = {"logout": Tier.USER}
    with_session = frozenset({"logout"})
    errors = wire.SIGN_IN_ERRORS

    @extend_schema(operation_id="login", request=serializers.Credentials, responses=SIGN_IN)
    def login(self, request: Request) -> Response:
        """Sign in. Send `tenant` if your e-mail address exists in several tenants. If the answer is 401 with
        `mfa_required`, send the same again with `totp_code` or `recovery_code`."""
        return self.signed_in(**self.validate_body(serializers.Credentials))

    @extend_schema(operation_id="login_to_tenant", request=serializers.TenantCredentials, responses=SIGN_IN)
    def login_to_tenant(self, request: Request, slug: str) -> Response:
        """Sign in to a tenant. The path names the tenant by its slug."""
        return self.signed_in(**self.validate_body(serializers.TenantCredentials), tenant=slug)

    def signed_in(self, *, session_cookie: bool, **credentials: Any) -> Response:
        if session_cookie:
            require_same_site(self.request)  # no other site may sign its visitors in here
        signed_in = operations.sign_in(accounts.Credentials(**credentials), origin=self.origin, with_key=session_cookie)
        answer = self.answer(wire.signed_in(signed_in))
        if session_cookie:
            cookies.set_cookie(answer, signed_in)
        return answer

    @extend_schema(
        operation_id="refresh",
        request=serializers.RefreshRequest,
        responses={200: enveloped(serializers.SignedIn), 401: serializers.SignInRefused},
    )
    def refresh(self, request: Request) -> Response:
        """Refresh an access token. Returns a new access token and a new refresh token. Sending the same refresh token
        again within ten seconds returns the same new one; later, it counts as stolen and the session is revoked."""
        token = self.validate_body(serializers.RefreshRequest)["refresh_token"]
        return self.answer(wire.signed_in(operations.refresh(token, origin=self.origin)))

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def logout(self, request: Request) -> Response:
        """Sign out. Revokes the session that this request is sent in."""
        operations.sign_out(self.session_id, actor=self.principal)
        answer = self.no_content()
        if cookies.is_of(self.session_id, request):
            cookies.drop_cookie(answer)
        return answer
