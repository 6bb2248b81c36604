from dataclasses import fields
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations as accounts
from accounts.api.v1 import wire as oauth
from accounts.api.v1.serializers import clients as serializers
from core.api.v1 import V1ViewSet
from sessions_app import operations
from sessions_app.operations.token_exchange import ACCESS_TOKEN


class TokenViewSet(V1ViewSet):
    tag = "Platform"
    public = frozenset({"issue"})
    errors = {accounts.Throttled: oauth.CLIENT_THROTTLED}
    parser_classes = [oauth.FormParser]
    ignores_unknown_parameters = True  # as RFC 6749 demands, section 3.2

    @extend_schema(
        operation_id="issue_token",
        request={oauth.FormParser.media_type: serializers.TOKEN_REQUEST},
        responses={200: serializers.IssuedToken, **dict.fromkeys((400, 401, 429), serializers.OAuthError)},
    )
    def issue(self, request: Request) -> Response:
        """Issue an access token to a client. Takes the grant `client_credentials` from agents and from GLOBAL SERVICE
        applications, and token exchange (RFC 8693) from applications that act for a signed-in user. Send the client ID
        and secret as HTTP Basic or in the form."""
        try:
            return Response(self.issued(request))
        except accounts.ClientRefused as refusal:
            return oauth.refused(refusal)

    def issued(self, request: Request) -> dict[str, Any]:
        form = oauth.token_form(request)
        client_id, secret = oauth.client_of(request, form)
        if oauth.grant(form) == oauth.CLIENT_CREDENTIALS:
            return oauth.issued(accounts.issue_token(client_id, secret, form.get("scope"), origin=self.origin))
        parameters = operations.Exchange(**{each.name: form.get(each.name) for each in fields(operations.Exchange)})
        exchanged = operations.exchange(client_id, secret, parameters, origin=self.origin)
        return oauth.issued(exchanged) | {"issued_token_type": ACCESS_TOKEN}
