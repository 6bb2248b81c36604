"""What v1 takes and gives about accounts and credentials."""

from rest_framework import serializers

from accounts.models import Role
from accounts.models.applications import LONGEST_TOKEN, SHORTEST_TOKEN, ApplicationScope, ApplicationType
from core.fields import (
    Attributes,
    Distinct,
    Email,
    FetchedUrl,
    Flag,
    Handle,
    Number,
    RedirectUri,
    Resource,
    ScopeToken,
    Secret,
    Slug,
    Text,
    WebOrigin,
    Word,
)
from core.ids import Prefix
from core.records import Status


class PasswordChange(serializers.Serializer):
    current_password = Secret()
    new_password = Secret()


class Password(serializers.Serializer):
    password = Secret()


class Code(serializers.Serializer):
    code = Text(max_length=16)


class NewApiKey(serializers.Serializer):
    name = Text(max_length=100)


class SessionsEnded(serializers.Serializer):
    sessions_ended = serializers.IntegerField()


class TotpEnrolment(serializers.Serializer):
    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()
    qr_svg = serializers.CharField()


class RecoveryCodes(serializers.Serializer):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class ApiKey(serializers.Serializer):
    id = serializers.CharField(source="handle")
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class ShownApiKey(ApiKey):
    api_key = serializers.CharField(help_text="Shown this once.")


class NewClient(serializers.Serializer):
    name = Text(max_length=200)
    status = Word(Status, required=False)
    allowed_scopes = Distinct(ScopeToken(), required=False, most=100)


class ApplicationChange(NewClient):
    redirect_uris = Distinct(RedirectUri(), required=False, most=50)
    allowed_origins = Distinct(WebOrigin(), required=False, most=50)
    backchannel_logout_uri = FetchedUrl(required=False, allow_blank=True)
    token_lifetime = Number(min_value=SHORTEST_TOKEN, max_value=LONGEST_TOKEN, required=False, help_text="Seconds.")
    token_exchange_allowed = Flag(required=False)


class NewApplication(ApplicationChange):
    application_type = Word(ApplicationType)
    scope = Word(ApplicationScope)
    tenant_id = Handle(Prefix.TENANT, required=False, help_text="Of the scope TENANT; yours, if you administer one.")
    partner_id = Handle(Prefix.PARTNER, required=False, help_text="Of the scope PARTNER; yours, if you administer one.")


class Client(Resource):
    name = serializers.CharField()
    status = Word(Status)
    client_id = serializers.CharField()
    allowed_scopes = serializers.ListField(child=serializers.CharField())


class Application(Client):
    application_type = Word(ApplicationType)
    scope = Word(ApplicationScope)
    tenant_id = serializers.CharField(allow_null=True)
    partner_id = serializers.CharField(allow_null=True)
    redirect_uris = serializers.ListField(child=serializers.CharField())
    allowed_origins = serializers.ListField(child=serializers.CharField())
    backchannel_logout_uri = serializers.CharField()
    token_lifetime = serializers.IntegerField()
    token_exchange_allowed = serializers.BooleanField()


class ApplicationWithSecret(Application):
    client_secret = serializers.CharField(required=False, help_text="Of WEB and SERVICE. Shown this once.")


class AgentChange(NewClient):
    owner_user_id = Handle(Prefix.USER, help_text="Of the same tenant.")
    agent_type = Slug(required=False)
    allowed_tools = Distinct(Text(max_length=128, trim_whitespace=False), required=False, most=200)
    rate_limit_rpm = Number(
        min_value=1, max_value=1_000_000, required=False, allow_null=True, help_text="A minute. Null: no limit."
    )


class NewAgent(AgentChange):
    tenant_id = Handle(Prefix.TENANT, required=False, help_text="Yours, if you administer one.")


class Agent(Client):
    tenant_id = serializers.CharField()
    owner_user_id = serializers.CharField()
    agent_type = serializers.CharField()
    allowed_tools = serializers.ListField(child=serializers.CharField())
    rate_limit_rpm = serializers.IntegerField(allow_null=True)


class AgentWithSecret(Agent):
    client_secret = serializers.CharField(help_text="Shown this once.")


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
    issued_token_type = serializers.CharField(required=False, help_text="Of an exchanged one.")


class OAuthError(serializers.Serializer):
    error = serializers.CharField()
    error_description = serializers.CharField()


class Jwks(serializers.Serializer):
    keys = serializers.ListField(child=serializers.DictField())


class ChangedUser(serializers.Serializer):
    email = Email(max_length=254)
    first_name = Text(max_length=100, required=False, allow_blank=True)
    last_name = Text(max_length=100, required=False, allow_blank=True)
    display_name = Text(max_length=200, required=False, allow_blank=True)
    role = Word(Role, required=False, help_text="A tier below your own; operators make operators.")
    status = Word(Status, required=False)
    custom_attributes = Attributes(required=False)


class NewUser(ChangedUser):
    """Where somebody lives follows from the role: in a tenant, or among the staff of a partner or of the platform."""

    tenant_id = Handle(Prefix.TENANT, required=False, help_text="Your own, if you administer one.")
    partner_id = Handle(Prefix.PARTNER, required=False, help_text="With the role partner_admin: of which partner.")


class User(Resource):
    tenant_id = serializers.CharField(allow_null=True)
    partner_id = serializers.CharField(allow_null=True)
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    display_name = serializers.CharField()
    role = Word(Role)
    status = Word(Status)
    mfa_enabled = serializers.BooleanField()
    custom_attributes = serializers.DictField()
    last_login_at = serializers.DateTimeField(allow_null=True)


class PasswordResetRequest(serializers.Serializer):
    delivery = serializers.ChoiceField(
        ["mail", "code"], default="mail", help_text="To the user by mail, or a code for you to hand over."
    )


class IssuedPasswordReset(serializers.Serializer):
    delivery = serializers.CharField()
    email = serializers.CharField()
    code = serializers.CharField(allow_null=True, help_text="Shown this once, and only if you asked for it.")
    expires_at = serializers.DateTimeField()
    sessions_ended = serializers.IntegerField()


class PasswordReset(serializers.Serializer):
    code = Text(max_length=128)
    new_password = Secret()
