"""Identity providers; of what is secret, only whether there is any."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import InvalidVersion, load_pem_x509_certificate
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from accounts.models.identity_providers import ProviderType
from core.api.fields import FetchedUrl, IdField, JsonObject, Secret, StrictChoice, StrictString, one_of
from core.api.response_fields import Id, Resource
from core.ids import Prefix
from core.models import Status


class Certificate(StrictString):
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
    client_id = StrictString(max_length=255)
    scopes = serializers.ListField(child=StrictString(max_length=128), max_length=50, default=list)


class NewOidcConfig(OidcConfig):
    client_secret = Secret(
        required=False, allow_null=True, help_text="Never shown. Leave it out to keep the present one; null removes it."
    )


class SamlConfig(serializers.Serializer):
    entity_id = serializers.RegexField(
        ENTITY_ID,
        max_length=1024,
        trim_whitespace=False,
        help_text="The provider's entity ID. It is a name and is never fetched.",
    )
    sso_url = FetchedUrl()
    metadata_url = FetchedUrl(allow_null=True, default=None)
    certificate = Certificate(max_length=16_384)


@extend_schema_field(PolymorphicProxySerializer("NewConfig", [NewOidcConfig, SamlConfig], None))
class NewConfig(JsonObject):
    """The configuration of an OIDC or SAML provider. It replaces the present one as a whole."""


@extend_schema_field(PolymorphicProxySerializer("Config", [OidcConfig, SamlConfig], None))
class Config(serializers.DictField):
    pass


CONFIGS: dict[str, type[serializers.Serializer]] = {ProviderType.OIDC: NewOidcConfig, ProviderType.SAML: SamlConfig}


class ChangedIdentityProvider(serializers.Serializer):
    name = StrictString(max_length=200)
    status = StrictChoice(Status, required=False)
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

    tenant_id = IdField(Prefix.TENANT, required=False, help_text="Required, unless you administer a tenant.")
    provider_type = StrictChoice(ProviderType)


class IdentityProvider(Resource):
    id = Id(Prefix.IDENTITY_PROVIDER)
    tenant_id = Id(Prefix.TENANT)
    name = serializers.CharField()
    provider_type = StrictChoice(ProviderType)
    status = StrictChoice(Status)
    config = Config(help_text="The provider's configuration, without the client secret.")
    client_secret_set = serializers.BooleanField(help_text="Whether a client secret is stored. It is never shown.")
