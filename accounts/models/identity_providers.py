from django.db import models

from core.ids import Prefix
from core.models import Entity, Status, one_of
from tenancy.models import Tenant, TenantOwnedQuerySet


class ProviderType(models.TextChoices):
    OIDC = "OIDC"
    SAML = "SAML"


class IdentityProvider(Entity):
    """A provider that a tenant's users can sign in through. Its client secret is encrypted and never returned."""

    prefix = Prefix.IDENTITY_PROVIDER
    Type = ProviderType

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="identity_providers")
    name = models.CharField(max_length=200)
    provider_type = models.CharField(max_length=8, choices=Type.choices)
    config = models.JSONField(default=dict)
    sealed_secret = models.BinaryField(null=True)

    objects = TenantOwnedQuerySet["IdentityProvider"].as_manager()

    class Meta:
        verbose_name = "identity provider"
        constraints = [
            one_of("provider_type", ProviderType, "identity_provider_type_is_known"),
            one_of("status", Status, "identity_provider_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(provider_type="OIDC") | models.Q(sealed_secret=None),
                name="identity_provider_has_a_secret_if_oidc",
            ),
        ]

    def __str__(self) -> str:
        return self.name
