"""Identity providers; of what is secret, only whether there is any."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import InvalidVersion, load_pem_x509_certificate
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from accounts import models, operations
from accounts.api.v1.serializers.base import TenantResourceInput
from accounts.models.identity_providers import ProviderType
from core.api.fields import FetchedUrl, IdField, JsonObject, Secret, StrictChoice, StrictString, one_of
from core.api.response_fields import Id
from core.api.serializers import InputSerializer, Resource
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


class OidcConfig(InputSerializer):
    issuer = FetchedUrl()
    client_id = StrictString(max_length=255)
    scopes = serializers.ListField(child=StrictString(max_length=128), max_length=50, default=list)


class NewOidcConfig(OidcConfig):
    client_secret = Secret(
        required=False, allow_null=True, help_text="Never shown. Leave it out to keep the present one; null removes it."
    )


class SamlConfig(InputSerializer):
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


class ChangedIdentityProvider(TenantResourceInput):
    name = StrictString(max_length=200)
    status = StrictChoice(Status, required=False)
    config = NewConfig()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the config by the type of the provider, and take out the secret that came in it, if there was one."""
        if "config" not in attrs:
            return attrs
        provider_type = self.instance.provider_type if self.instance else attrs["provider_type"]
        config = CONFIGS[provider_type](data=attrs["config"])
        if not config.is_valid():
            raise serializers.ValidationError({"config": config.errors})
        values = dict(config.validated_data)
        secret = {"client_secret": values.pop("client_secret")} if "client_secret" in values else {}
        return {**attrs, "config": values, **secret}

    def update(self, instance: models.IdentityProvider, validated_data: dict[str, Any]) -> models.IdentityProvider:
        self.sessions_ended = operations.change_identity_provider(
            instance, actor=self.principal, versions=self.versions, **validated_data
        )
        return instance


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

    def create(self, validated_data: dict[str, Any]) -> models.IdentityProvider:
        tenant = self.pop_tenant(validated_data)
        return operations.create_identity_provider(actor=self.principal, tenant=tenant, **validated_data)


class IdentityProvider(Resource):
    id = Id(Prefix.IDENTITY_PROVIDER)
    tenant_id = Id(Prefix.TENANT)
    name = serializers.CharField()
    provider_type = StrictChoice(ProviderType)
    status = StrictChoice(Status)
    config = Config(help_text="The provider's configuration, without the client secret.")
    client_secret_set = serializers.BooleanField(help_text="Whether a client secret is stored. It is never shown.")
