"""What v1 takes and gives about partners and tenants."""

from rest_framework import serializers

from core.api.fields import Email, IdField, JsonObject, Slug, StrictChoice, StrictInteger, StrictString
from core.api.response_fields import Count, Id, Resource
from core.ids import Prefix
from core.models import Status

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


class NewPartner(serializers.Serializer):
    name = StrictString(max_length=200)
    slug = Slug()
    status = StrictChoice(Status, required=False)
    contact_email = Email(max_length=254, required=False, allow_blank=True)
    max_tenants = Limit()
    max_users_per_tenant = Limit()
    max_applications_per_tenant = Limit()


class Partner(Resource):
    id = Id(Prefix.PARTNER)
    name = serializers.CharField()
    slug = serializers.CharField()
    status = StrictChoice(Status)
    contact_email = serializers.CharField()
    max_tenants = Count(allow_null=True)
    max_users_per_tenant = Count(allow_null=True)
    max_applications_per_tenant = Count(allow_null=True)


class NewTenant(serializers.Serializer):
    partner_id = IdField(Prefix.PARTNER)
    name = StrictString(max_length=200)
    slug = Slug()
    status = StrictChoice(Status, required=False)
    contact_email = Email(max_length=254, required=False, allow_blank=True)
    settings = JsonObject(required=False)
    branding = JsonObject(required=False)


class Tenant(Resource):
    id = Id(Prefix.TENANT)
    partner_id = Id(Prefix.PARTNER)
    name = serializers.CharField()
    slug = serializers.CharField()
    status = StrictChoice(Status)
    contact_email = serializers.CharField()
    settings = serializers.DictField()
    branding = serializers.DictField()
