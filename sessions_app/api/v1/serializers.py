"""What v1 takes and gives about sessions, field by field as the Sessions reference has them."""

from rest_framework import serializers

from core.fields import Secret, Text


class TenantCredentials(serializers.Serializer):
    email = Text(max_length=254)
    password = Secret()
    totp_code = Text(max_length=16, required=False, allow_null=True)
    recovery_code = Text(max_length=64, required=False, allow_null=True)


class Credentials(TenantCredentials):
    tenant = Text(max_length=64, required=False, allow_null=True, help_text="A slug or a `tnt_` id.")


class RefreshRequest(serializers.Serializer):
    refresh_token = Secret()


class SignedInUser(serializers.Serializer):
    id = serializers.CharField()
    email = serializers.CharField()
    display_name = serializers.CharField()
    role = serializers.CharField()
    tenant_id = serializers.CharField(allow_null=True)
    partner_id = serializers.CharField(allow_null=True)


class SignedIn(serializers.Serializer):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    session_id = serializers.CharField()
    user = SignedInUser()


class SignInRefused(serializers.Serializer):
    detail = serializers.CharField()
    mfa_required = serializers.BooleanField(required=False)


class SessionListItem(serializers.Serializer):
    id = serializers.CharField()
    user_id = serializers.CharField()
    user_email = serializers.CharField(allow_null=True)
    ip_address = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True)
    device_type = serializers.CharField(allow_null=True)
    is_current = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    app_count = serializers.IntegerField()


class SessionRevokeResponse(serializers.Serializer):
    revoked_count = serializers.IntegerField()
    session_ids = serializers.ListField(child=serializers.CharField())


class Me(SignedInUser):
    mfa_enabled = serializers.BooleanField()
    session = SessionListItem(allow_null=True)
