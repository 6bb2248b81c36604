"""Users, and the resetting of their passwords."""

from rest_framework import serializers

from accounts.models import Role
from core.api.fields import Email, IdField, JsonObject, Secret, StrictChoice, StrictString
from core.api.response_fields import Count, Id, Resource
from core.ids import Prefix
from core.models import Status

DELIVERIES = ("mail", "code")


class ChangedUser(serializers.Serializer):
    email = Email(max_length=254)
    first_name = StrictString(max_length=100, required=False, allow_blank=True)
    last_name = StrictString(max_length=100, required=False, allow_blank=True)
    display_name = StrictString(max_length=200, required=False, allow_blank=True)
    role = StrictChoice(
        Role, required=False, help_text="You can assign roles below your own. Only super admins can assign super_admin."
    )
    status = StrictChoice(Status, required=False)
    custom_attributes = JsonObject(required=False)


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


class PasswordResetRequest(serializers.Serializer):
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


class NewPassword(serializers.Serializer):
    code = StrictString(max_length=128)
    new_password = Secret()
