"""Users, and the resetting of their passwords."""

from rest_framework import serializers

from accounts.models import Role
from core.fields import (
    Attributes,
    Email,
    Handle,
    Resource,
    Secret,
    Text,
    Word,
)
from core.ids import Prefix
from core.records import Status


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
