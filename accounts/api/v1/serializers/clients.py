"""Applications and agents, and the tokens that they are given."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from accounts.models.applications import LONGEST_TOKEN, SHORTEST_TOKEN, ApplicationScope, ApplicationType
from core.api.fields import (
    FetchedUrl,
    IdField,
    RedirectUri,
    ScopeToken,
    StrictBoolean,
    StrictChoice,
    StrictInteger,
    StrictString,
    UniqueList,
    WebOrigin,
)
from core.api.response_fields import Id, Resource
from core.ids import Prefix
from core.models import Status

FASTEST = 1_000_000  # requests a minute
AGENT_TYPE = RegexValidator(
    r"^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?\Z", "Letters and digits, with hyphens and underscores between them"
)


class NewClient(serializers.Serializer):
    name = StrictString(max_length=200)
    status = StrictChoice(Status, required=False)
    allowed_scopes = UniqueList(ScopeToken(), required=False, most=100)


class ApplicationChange(NewClient):
    redirect_uris = UniqueList(RedirectUri(), required=False, most=50, help_text="Stored, and not used yet.")
    allowed_origins = UniqueList(WebOrigin(), required=False, most=50, help_text="Stored, and not enforced yet.")
    backchannel_logout_uri = FetchedUrl(
        required=False, allow_blank=True, help_text="Stored; nothing is sent to it yet."
    )
    token_lifetime = StrictInteger(
        min_value=SHORTEST_TOKEN,
        max_value=LONGEST_TOKEN,
        required=False,
        help_text="How many seconds its access tokens are valid.",
    )
    token_exchange_allowed = StrictBoolean(required=False)


class NewApplication(ApplicationChange):
    application_type = StrictChoice(ApplicationType)
    scope = StrictChoice(ApplicationScope)
    tenant_id = IdField(
        Prefix.TENANT, required=False, help_text="Required with the scope TENANT, unless you administer a tenant."
    )
    partner_id = IdField(
        Prefix.PARTNER, required=False, help_text="Required with the scope PARTNER, unless you administer a partner."
    )


class Client(Resource):
    name = serializers.CharField()
    status = StrictChoice(Status)
    client_id = serializers.CharField()
    allowed_scopes = serializers.ListField(child=serializers.CharField())


class Application(Client):
    id = Id(Prefix.APPLICATION)
    application_type = StrictChoice(ApplicationType)
    scope = StrictChoice(ApplicationScope)
    tenant_id = Id(Prefix.TENANT, allow_null=True)
    partner_id = Id(Prefix.PARTNER, allow_null=True)
    redirect_uris = serializers.ListField(child=serializers.CharField())
    allowed_origins = serializers.ListField(child=serializers.CharField())
    backchannel_logout_uri = serializers.CharField()
    token_lifetime = serializers.IntegerField(min_value=SHORTEST_TOKEN, max_value=LONGEST_TOKEN)
    token_exchange_allowed = serializers.BooleanField()


class ApplicationWithSecret(Application):
    client_secret = serializers.CharField(
        required=False, help_text="Only for WEB and SERVICE applications, and only in this response: store it now."
    )


class AgentType(StrictString):
    """A word of the caller's own, in any case, which it keeps."""

    pattern = r"^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$"

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=32, trim_whitespace=False, validators=[AGENT_TYPE], **options)


class AgentChange(NewClient):
    owner_user_id = IdField(
        Prefix.USER,
        required=False,
        allow_null=True,
        help_text="The user responsible for the agent, of the same tenant. Default: the user who creates it.",
    )
    agent_type = AgentType(required=False)
    allowed_tools = UniqueList(StrictString(max_length=128, trim_whitespace=False), required=False, most=200)
    rate_limit_rpm = StrictInteger(
        min_value=1,
        max_value=FASTEST,
        required=False,
        allow_null=True,
        help_text="Requests per minute; leave it out for no limit.",
    )


class NewAgent(AgentChange):
    tenant_id = IdField(Prefix.TENANT, required=False, help_text="Required, unless you administer a tenant.")


class Agent(Client):
    id = Id(Prefix.AGENT)
    tenant_id = Id(Prefix.TENANT)
    owner_user_id = Id(Prefix.USER, allow_null=True)
    agent_type = serializers.CharField()
    allowed_tools = serializers.ListField(child=serializers.CharField())
    rate_limit_rpm = serializers.IntegerField(min_value=1, max_value=FASTEST, allow_null=True)


class AgentWithSecret(Agent):
    client_secret = serializers.CharField(help_text="Only in this response: store it now.")


# A form, in which RFC 6749 has unknown parameters ignored and none given twice.
TEXT = {"type": "string", "pattern": r"^[^\u0000]*$"}
TOKEN_REQUEST = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {
            "type": "string",
            "enum": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
        },
        "scope": TEXT,
        "subject_token": TEXT,
        "subject_token_type": TEXT,
        "requested_token_type": TEXT,
        "audience": TEXT,
        "client_id": TEXT,
        "client_secret": TEXT,
    },
    "additionalProperties": TEXT,
    "maxProperties": 20,
}


class IssuedToken(serializers.Serializer):
    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()
    issued_token_type = serializers.CharField(
        required=False, help_text="The type of the token; only after a token exchange."
    )


class OAuthError(serializers.Serializer):
    error = serializers.CharField()
    error_description = serializers.CharField()


class Jwks(serializers.Serializer):
    keys = serializers.ListField(child=serializers.DictField())
