"""What v1 takes and gives about partners and tenants."""

from typing import Any

from rest_framework import serializers

from core.api.fields import Email, IdField, JsonObject, Slug, StrictChoice, StrictInteger, StrictString
from core.api.response_fields import Count, Id
from core.api.serializers import Resource, ResourceInput
from core.ids import Prefix
from core.models import Status
from tenancy import models, operations

MOST = 2**31 - 1


class Limit(StrictInteger):
    def __init__(self) -> None:
        super().__init__(
            min_value=0,
            max_value=MOST,
            required=False,
            allow_null=True,
            help_text="Leave it out or send null for no limit.",
        )


class NewPartner(ResourceInput):
    name = StrictString(max_length=200)
    slug = Slug()
    status = StrictChoice(Status, required=False)
    contact_email = Email(max_length=254, required=False, allow_blank=True)
    max_tenants = Limit()
    max_users_per_tenant = Limit()
    max_applications_per_tenant = Limit()

    def create(self, validated_data: dict[str, Any]) -> models.Partner:
        return operations.create_partner(actor=self.principal, **validated_data)

    def update(self, instance: models.Partner, validated_data: dict[str, Any]) -> models.Partner:
        self.sessions_ended = operations.change(
            instance, actor=self.principal, versions=self.versions, **validated_data
        )
        return instance


class Partner(Resource):
    id = Id(Prefix.PARTNER)
    name = serializers.CharField()
    slug = serializers.CharField()
    status = StrictChoice(Status)
    contact_email = serializers.CharField()
    max_tenants = Count(allow_null=True)
    max_users_per_tenant = Count(allow_null=True)
    max_applications_per_tenant = Count(allow_null=True)


class NewTenant(ResourceInput):
    partner_id = IdField(Prefix.PARTNER)
    name = StrictString(max_length=200)
    slug = Slug()
    status = StrictChoice(Status, required=False)
    contact_email = Email(max_length=254, required=False, allow_blank=True)
    settings = JsonObject(required=False)
    branding = JsonObject(required=False)

    def create(self, validated_data: dict[str, Any]) -> models.Tenant:
        return operations.create_tenant(actor=self.principal, **self.with_partner(validated_data))

    def update(self, instance: models.Tenant, validated_data: dict[str, Any]) -> models.Tenant:
        self.sessions_ended = operations.change_tenant(
            instance, actor=self.principal, versions=self.versions, **self.with_partner(validated_data)
        )
        return instance

    def with_partner(self, validated_data: dict[str, Any]) -> dict[str, Any]:
        if "partner_id" in validated_data:
            partner_id = validated_data.pop("partner_id")
            validated_data["partner"] = self.get_related(models.Partner.objects.not_deleted(), partner_id)
        return validated_data


class Tenant(Resource):
    id = Id(Prefix.TENANT)
    partner_id = Id(Prefix.PARTNER)
    name = serializers.CharField()
    slug = serializers.CharField()
    status = StrictChoice(Status)
    contact_email = serializers.CharField()
    settings = serializers.DictField()
    branding = serializers.DictField()
