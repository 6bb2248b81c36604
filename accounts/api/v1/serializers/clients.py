"""Applications and agents, and the tokens that they are given."""

from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from django.db.models import Q
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied

from accounts import models, operations
from accounts.api.v1.serializers.base import TenantResourceInput
from accounts.models.applications import LONGEST_TOKEN, SHORTEST_TOKEN, ApplicationScope, ApplicationType
from core.access import Tier
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
from core.api.response_fields import Id
from core.api.serializers import Resource, field_error
from core.ids import Prefix
from core.models import Status
from tenancy.models import Partner, Tenant

FASTEST = 1_000_000  # requests a minute
AGENT_TYPE = RegexValidator(
    r"^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?\Z", "Letters and digits, with hyphens and underscores between them"
)


class NewClient(TenantResourceInput):
    name = StrictString(max_length=200)
    status = StrictChoice(Status, required=False)
    allowed_scopes = UniqueList(ScopeToken(), required=False, most=100)

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        self.sessions_ended = operations.change_client(
            instance, actor=self.principal, versions=self.versions, **validated_data
        )
        return instance


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

    def create(self, validated_data: dict[str, Any]) -> models.Application:
        owner = self.pop_owner(validated_data)
        application, self.secret = operations.create_application(actor=self.principal, **owner, **validated_data)
        return application

    def pop_owner(self, validated_data: dict[str, Any]) -> dict[str, Any]:
        """Take the owner out of the data: the tenant or the partner that the scope calls for, and no other."""
        scope = validated_data["scope"]
        for name, owned in (("tenant_id", ApplicationScope.TENANT), ("partner_id", ApplicationScope.PARTNER)):
            if name in validated_data and scope != owned:
                raise field_error(name, f"Only with the scope {owned}", "contradiction")
        match scope:
            case ApplicationScope.TENANT:
                return {"tenant": self.pop_tenant(validated_data)}
            case ApplicationScope.PARTNER:
                return {"partner": self.pop_partner(validated_data)}
            case _:
                return {}

    def pop_partner(self, validated_data: dict[str, Any]) -> Partner:
        """Take the partner out of the data. An administrator of one partner need not name it."""
        me = self.principal
        default = me.partner_id if me.tier is Tier.PARTNER else None
        partner_id = self.require("partner_id", validated_data.pop("partner_id", default))
        if me.tier is Tier.SUPER or (me.tier, me.partner_id) == (Tier.PARTNER, partner_id):
            partner = Partner.objects.not_deleted().filter(pk=partner_id).first()
            if partner is not None:
                return partner
        raise PermissionDenied


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

    def update(self, instance: models.Agent, validated_data: dict[str, Any]) -> models.Agent:
        owner_id = validated_data.pop("owner_user_id", instance.owner_user_id)
        if owner_id != instance.owner_user_id:
            validated_data["owner_user"] = self.get_owner(owner_id, instance.tenant)
        agent: models.Agent = super().update(instance, validated_data)
        return agent

    def get_owner(self, user_id: UUID | None, tenant: Tenant) -> models.User | None:
        """The person who is responsible for the agent: of the same tenant, or the one who creates it."""
        if user_id is None:
            return None
        people = models.User.objects.not_deleted().filter(Q(tenant=tenant) | Q(pk=self.principal.user_id))
        return self.get_related(people, user_id)


class NewAgent(AgentChange):
    tenant_id = IdField(Prefix.TENANT, required=False, help_text="Required, unless you administer a tenant.")

    def create(self, validated_data: dict[str, Any]) -> models.Agent:
        tenant = self.pop_tenant(validated_data)
        owner = self.get_owner(validated_data.pop("owner_user_id", None), tenant)
        agent, self.secret = operations.create_agent(
            actor=self.principal, tenant=tenant, owner_user=owner, **validated_data
        )
        return agent


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
