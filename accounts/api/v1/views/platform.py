from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from accounts.api.v1 import serializers, wire
from accounts.keyring import ring
from core.v1 import V1ViewSet


class PlatformTokenViewSet(V1ViewSet):
    tag = "Platform"
    public = frozenset({"issue"})
    errors = {operations.Throttled: wire.CLIENT_THROTTLED}
    parser_classes = [wire.FormParser]

    @extend_schema(
        operation_id="issue_platform_token",
        request={wire.FormParser.media_type: serializers.TOKEN_REQUEST},
        responses={200: serializers.PlatformToken, **dict.fromkeys((400, 401, 429), serializers.OAuthError)},
    )
    def issue(self, request: Request) -> Response:
        """`client_credentials` of a GLOBAL SERVICE application. The client goes into Basic or into the form."""
        try:
            form = wire.token_form(request)
            client_id, secret = wire.client_of(request, form)
            wire.require_grant(form)
            token = operations.issue_platform_token(client_id, secret, form.get("scope"), origin=self.origin)
        except operations.ClientRefused as refusal:
            return wire.refused(refusal)
        return Response(
            {
                "access_token": token.access_token,
                "token_type": "Bearer",
                "expires_in": token.expires_in,
                "scope": token.scope,
            }
        )


class JwksViewSet(V1ViewSet):
    tag = "Platform"
    public = frozenset({"show"})

    @extend_schema(operation_id="show_public_keys", responses=serializers.Jwks)
    def show(self, request: Request) -> Response:
        """The public keys that access tokens verify against; a new one is here before it first signs."""
        return Response({"keys": [key.as_jwk() for key in ring.published()]}, headers={"Cache-Control": "max-age=5"})
