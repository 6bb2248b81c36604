"""What v1 takes and gives about sessions, field by field as the Sessions reference has them."""

from typing import Any

from rest_framework import serializers

from core.fields import Flag, Secret, Text, one_of

TARGETS = ("user_id", "tenant_id", "partner_id", "application_id", "all")


class TenantCredentials(serializers.Serializer):
    email = Text(max_length=254)
    password = Secret()
    totp_code = Text(max_length=16, required=False, allow_null=True)
    recovery_code = Text(max_length=64, required=False, allow_null=True)
    client_id = Text(
        max_length=128, required=False, allow_null=True, help_text="The application that the session is opened for."
    )
    session_cookie = Flag(default=False, help_text="Also set the cookie that a browser is signed in with elsewhere.")


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


class SessionAppInfo(serializers.Serializer):
    application_id = serializers.CharField()
    application_name = serializers.CharField()
    accessed_at = serializers.DateTimeField()


class SessionResponse(serializers.Serializer):
    id = serializers.CharField()
    user_id = serializers.CharField()
    user_email = serializers.CharField(allow_null=True)
    user_display_name = serializers.CharField(allow_null=True)
    ip_address = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True)
    device_type = serializers.CharField(allow_null=True)
    location = serializers.CharField(allow_null=True)
    is_current = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    sso_apps = SessionAppInfo(many=True)
    status = serializers.CharField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_by = serializers.CharField(allow_null=True)
    revoke_reason = serializers.CharField(allow_null=True)
    revocation_id = serializers.CharField(allow_null=True)


SPANS = "Seen since then. Told in spans of five minutes: who was seen in the one in which it began counts as well."


class SessionStats(serializers.Serializer):
    active_sessions = serializers.IntegerField()
    total_sessions = serializers.IntegerField()
    revoked_sessions = serializers.IntegerField()
    expired_sessions = serializers.IntegerField()
    unique_users = serializers.IntegerField()
    active_last_hour = serializers.IntegerField(help_text=SPANS)
    active_last_24h = serializers.IntegerField(help_text=SPANS)
    new_last_24h = serializers.IntegerField()
    by_device_type = serializers.DictField(child=serializers.IntegerField())
    by_browser = serializers.DictField(child=serializers.IntegerField())
    by_os = serializers.DictField(child=serializers.IntegerField())
    by_auth_method = serializers.DictField(child=serializers.IntegerField())
    oldest_session_at = serializers.DateTimeField(allow_null=True)
    newest_session_at = serializers.DateTimeField(allow_null=True)
    average_duration_seconds = serializers.FloatField(allow_null=True)


class AdminSessionRevokeResponse(SessionRevokeResponse):
    """`SessionRevokeResponse`, and by which revocation; whether there were more sessions than are named here."""

    revocation_id = serializers.CharField(allow_null=True)
    session_ids_truncated = serializers.BooleanField()


def why(**options: Any) -> Text:
    return Text(max_length=200, required=False, allow_null=True, **options)


class Reason(serializers.Serializer):
    reason = why()


class SessionRevokeRequest(serializers.Serializer):
    session_ids = serializers.ListField(
        child=Text(max_length=64), required=False, allow_null=True, allow_empty=False, max_length=1_000
    )
    revoke_all = Flag(default=False)
    except_current = Flag(default=True)
    reason = why()

    rules = one_of(
        {"required": ["session_ids"], "properties": {"session_ids": {"type": "array"}, "revoke_all": {"const": False}}},
        {"required": ["revoke_all"], "properties": {"session_ids": {"type": "null"}, "revoke_all": {"const": True}}},
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["revoke_all"] == bool(attrs.get("session_ids")):
            raise serializers.ValidationError("Name session_ids, or revoke_all, and not both")
        return attrs


def only(target: str, *beside: str) -> dict[str, Any]:
    """How the schema says that this target is named, and no other but those that may stand beside it."""
    unnamed: dict[str, Any] = {name: {"type": "null"} for name in TARGETS if name not in (target, *beside)}
    if "all" in unnamed:
        unnamed["all"] = {"const": False}
    named = {"const": True} if target == "all" else {"type": "string"}
    return {"required": [target], "properties": unnamed | {target: named}}


class RevokeAllRequest(serializers.Serializer):
    """One of them is named; beside a user, their tenant may be."""

    user_id = Text(max_length=64, required=False, allow_null=True)
    tenant_id = Text(max_length=64, required=False, allow_null=True)
    partner_id = Text(max_length=64, required=False, allow_null=True)
    application_id = Text(max_length=64, required=False, allow_null=True)
    all = Flag(default=False)
    reason = why()

    rules = one_of(only("user_id", "tenant_id"), *map(only, ("tenant_id", "partner_id", "application_id", "all")))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = {name for name in TARGETS if attrs.get(name)}
        if len(named) != 1 and named != {"user_id", "tenant_id"}:
            raise serializers.ValidationError(f"Name exactly one of {', '.join(TARGETS)}")
        return attrs


class RevocationResponse(serializers.Serializer):
    id = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    scope = serializers.CharField()
    scope_id = serializers.CharField(allow_null=True)
    filter = serializers.DictField(allow_null=True)
    reason = serializers.CharField()
    actor_id = serializers.CharField()
    actor_email = serializers.CharField()
    tenant_id = serializers.CharField(allow_null=True)
    partner_id = serializers.CharField(allow_null=True)
    revoked_count = serializers.IntegerField()
    swept_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    swept_at = serializers.DateTimeField(allow_null=True)
    status = serializers.CharField()


class DashboardStats(serializers.Serializer):
    partners = serializers.IntegerField(help_text="0 for those who see none.")
    tenants = serializers.IntegerField()
    users = serializers.IntegerField()
    groups = serializers.IntegerField()
    applications = serializers.IntegerField(help_text="Also those that are offered from above.")
    identity_providers = serializers.IntegerField()
    agents = serializers.IntegerField()
    active_sessions = serializers.IntegerField()
    sign_ins_24h = serializers.IntegerField()
    failed_sign_ins_24h = serializers.IntegerField()
    revocations_24h = serializers.IntegerField()
