"""What v1 takes and gives about accounts and credentials."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import InvalidVersion, load_pem_x509_certificate
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from accounts.models import Role
from accounts.models.applications import LONGEST_TOKEN, SHORTEST_TOKEN, ApplicationScope, ApplicationType
from accounts.models.groups import GroupType
from accounts.models.identity_providers import ProviderType
from core.fields import (
    Attributes,
    Distinct,
    Email,
    Flag,
    Handle,
    Note,
    Number,
    RedirectUri,
    Resource,
    ScopeToken,
    Secret,
    Slug,
    Text,
    WebOrigin,
    Word,
    one_of,
)
from core.ids import Prefix
from core.public_urls import LONGEST, public_https_url
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


class FetchedUrl(Text):
    pattern = r"^https://([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*(:(443|8443))?([/?][!$-)+-;=?-Z_a-z~]*)?$"
    default_error_messages = {"address": "This URL cannot be used: {why}"}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return public_https_url(text)
        except ValueError as error:
            self.fail("address", why=error)


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


class ChangedGroup(serializers.Serializer):
    name = Text(max_length=200)
    description = Note(max_length=1000, required=False)
    group_type = Word(GroupType, required=False)


class NewGroup(ChangedGroup):
    tenant_id = Handle(Prefix.TENANT, required=False, help_text="An administrator of a tenant may leave it out.")


class Group(Resource):
    tenant_id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    group_type = Word(GroupType)
    member_count = serializers.IntegerField(help_text="Of those who are in it directly.")


class NewMember(serializers.Serializer):
    user_id = Handle(Prefix.USER)


class Member(serializers.Serializer):
    id = serializers.CharField()
    email = serializers.CharField()
    display_name = serializers.CharField()
    role = Word(Role)
    status = Word(Status)


class NewNesting(serializers.Serializer):
    child_group_id = Handle(Prefix.GROUP)


class Certificate(Text):
    """One X.509 certificate in PEM, and nothing beside it: a private key does not belong here."""

    default_error_messages = {"certificate": "Input should be one X.509 certificate in PEM, and nothing else"}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            read = load_pem_x509_certificate(text.encode()).public_bytes(Encoding.PEM).decode()
        except (ValueError, InvalidVersion):
            self.fail("certificate")
        if "".join(read.split()) != "".join(text.split()):
            self.fail("certificate")
        return text


# A name and not a place: what a browser might run is none.
ENTITY_ID = r"^(https?://|urn:)[!-~]+\Z"


class OidcConfig(serializers.Serializer):
    issuer = FetchedUrl()
    client_id = Text(max_length=255)
    scopes = serializers.ListField(child=Text(max_length=128), max_length=50, default=list)


class NewOidcConfig(OidcConfig):
    client_secret = Secret(
        required=False, allow_null=True, help_text="Never shown. Left out, the one there is stays; null removes it."
    )


class SamlConfig(serializers.Serializer):
    entity_id = serializers.RegexField(
        ENTITY_ID, max_length=1024, trim_whitespace=False, help_text="Its name, which is never fetched."
    )
    sso_url = FetchedUrl()
    metadata_url = FetchedUrl(allow_null=True, default=None)
    certificate = Certificate(max_length=16_384)


@extend_schema_field(PolymorphicProxySerializer("NewConfig", [NewOidcConfig, SamlConfig], None))
class NewConfig(Attributes):
    """As the type of the provider has it: `CONFIGS` says which. Given, it replaces what there was."""


@extend_schema_field(PolymorphicProxySerializer("Config", [OidcConfig, SamlConfig], None))
class Config(serializers.DictField):
    pass


CONFIGS: dict[str, type[serializers.Serializer]] = {ProviderType.OIDC: NewOidcConfig, ProviderType.SAML: SamlConfig}


class ChangedIdentityProvider(serializers.Serializer):
    name = Text(max_length=200)
    status = Word(Status, required=False)
    config = NewConfig()


class NewIdentityProvider(ChangedIdentityProvider):
    rules = one_of(
        *(
            {
                "properties": {
                    "provider_type": {"const": provider_type},
                    "config": {"$ref": f"#/components/schemas/{config.__name__}Request"},
                }
            }
            for provider_type, config in CONFIGS.items()
        )
    )

    tenant_id = Handle(Prefix.TENANT, required=False, help_text="An administrator of a tenant may leave it out.")
    provider_type = Word(ProviderType)


class IdentityProvider(Resource):
    tenant_id = serializers.CharField()
    name = serializers.CharField()
    provider_type = Word(ProviderType)
    status = Word(Status)
    config = Config(help_text="Without the client secret.")
    client_secret_set = serializers.BooleanField(help_text="Whether there is one; it is never shown.")
