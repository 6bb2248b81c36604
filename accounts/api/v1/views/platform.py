from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.v1.serializers import clients as serializers
from accounts.keyring import ring
from core.api.v1 import V1ViewSet


class JwksViewSet(V1ViewSet):
    tag = "Platform"
    public = frozenset({"show"})

    @extend_schema(operation_id="show_public_keys", responses=serializers.Jwks)
    def show(self, request: Request) -> Response:
        """Get the public keys that verify access tokens. A JSON Web Key Set (RFC 7517); a new key is published before
        it signs its first token."""
        return Response({"keys": [key.as_jwk() for key in ring.published()]}, headers={"Cache-Control": "max-age=5"})
