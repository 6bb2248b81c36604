"""Users, and the resetting of their passwords."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from accounts import models, operations
from accounts.models import Role
from core.access import Tier
from core.api.fields import Email, IdField, JsonObject, Secret, StrictChoice, StrictString
from core.api.response_fields import Count, Id
from core.api.serializers import InputSerializer, Resource, ResourceInput, field_error
from core.ids import Prefix
from core.models import Status
from tenancy.models import Partner, Tenant

DELIVERIES = ("mail", "code")


class ChangedUser(ResourceInput):
    email = Email(max_length=254)
    first_name = StrictString(max_length=100, required=False, allow_blank=True)
    last_name = StrictString(max_length=100, required=False, allow_blank=True)
    display_name = StrictString(max_length=200, required=False, allow_blank=True)
    role = StrictChoice(
        Role, required=False, help_text="You can assign roles below your own. Only super admins can assign super_admin."
    )
    status = StrictChoice(Status, required=False)
    custom_attributes = JsonObject(required=False)

    def update(self, instance: models.User, validated_data: dict[str, Any]) -> models.User:
        self.sessions_ended = operations.change_user(
            instance, actor=self.principal, versions=self.versions, **validated_data
        )
        return instance


class NewUser(ChangedUser):
    """A user belongs to a tenant, or to the staff of a partner or of the platform, depending on the role."""

    tenant_id = IdField(
        Prefix.TENANT, required=False, help_text="Required for tenant admins and users, unless you administer a tenant."
    )
    partner_id = IdField(
        Prefix.PARTNER,
        required=False,
        allow_null=True,
        help_text="Required for partner admins: the partner they administer.",
    )

    def create(self, validated_data: dict[str, Any]) -> models.User:
        role = Role(validated_data.get("role", Role.USER))
        operations.require_grantable(role, actor=self.principal)  # before anything is looked up for it
        tenant_id, partner_id = validated_data.pop("tenant_id", None), validated_data.pop("partner_id", None)
        tenant = self.home(role, tenant_id, partner_id)
        return operations.create_user(actor=self.principal, tenant=tenant, **validated_data)

    def home(self, role: Role, tenant_id: UUID | None, partner_id: UUID | None) -> Tenant:
        """The tenant that a user of this role lives in: staff have one of their own."""
        if role is Role.SUPER_ADMIN:
            self.refuse(role, tenant_id=tenant_id, partner_id=partner_id)
            return Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        if role is Role.PARTNER_ADMIN:
            self.refuse(role, tenant_id=tenant_id)
            partner = self.get_related(Partner.objects.not_deleted(), self.require("partner_id", partner_id))
            return Tenant.objects.get(partner=partner, kind=Tenant.Kind.PARTNER_STAFF)
        self.refuse(role, partner_id=partner_id)
        if self.principal.tier is Tier.TENANT and tenant_id is None:
            tenant_id = self.principal.tenant_id
        return self.get_related(Tenant.objects.not_deleted(), self.require("tenant_id", tenant_id))

    def refuse(self, role: Role, **values: Any) -> None:
        """Refuse fields that do not go with the role."""
        for name, value in values.items():
            if value is not None:
                raise field_error(name, f"Not allowed with the role {role}", "contradiction")


class User(Resource):
    id = Id(Prefix.USER)
    tenant_id = Id(Prefix.TENANT, allow_null=True)
    partner_id = Id(Prefix.PARTNER, allow_null=True)
    email = serializers.EmailField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    display_name = serializers.CharField()
    role = StrictChoice(Role)
    status = StrictChoice(Status)
    mfa_enabled = serializers.BooleanField()
    custom_attributes = serializers.DictField()
    last_login_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Staff tenants are an inner arrangement."""
        row = super().to_representation(instance)
        if row.pop("tenant_kind") != Tenant.Kind.CUSTOMER:
            row["tenant_id"] = None
        return row


class PasswordResetRequest(InputSerializer):
    delivery = serializers.ChoiceField(
        DELIVERIES,
        default="mail",
        help_text="Send the code to the user by e-mail, or return it so that you can pass it on.",
    )


class IssuedPasswordReset(serializers.Serializer):
    delivery = serializers.ChoiceField(DELIVERIES)
    email = serializers.EmailField()
    code = serializers.CharField(allow_null=True, help_text="Only with the delivery `code`, and only in this response.")
    expires_at = serializers.DateTimeField()
    sessions_ended = Count()


class NewPassword(InputSerializer):
    code = StrictString(max_length=128)
    new_password = Secret()
