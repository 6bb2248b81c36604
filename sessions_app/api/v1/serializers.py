"""v1's requests and responses about sessions, with the field names of the Sessions reference."""

from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers

from accounts.models import Role
from core.api.fields import IdText, Secret, StrictBoolean, StrictChoice, StrictString, one_of
from core.api.response_fields import Count, Id
from core.api.serializers import InputSerializer
from core.ids import Prefix
from sessions_app.api.v1.filters import SessionStatus, WireScope
from sessions_app.devices import DeviceType

SPANS = "Active sessions that were used in this time, rounded up to five minutes."
TARGETS = ("user_id", "tenant_id", "partner_id", "application_id", "all")


class TenantCredentials(InputSerializer):
    email = StrictString(max_length=254)
    password = Secret()
    totp_code = StrictString(max_length=16, required=False, allow_null=True)
    recovery_code = StrictString(max_length=64, required=False, allow_null=True)
    client_id = StrictString(
        max_length=128,
        required=False,
        allow_null=True,
        help_text="The client ID of the application to start the session for.",
    )
    session_cookie = StrictBoolean(
        default=False,
        help_text="Also set the session cookie, which signs a browser in to the other APIs and the account page.",
    )


class Credentials(TenantCredentials):
    tenant = StrictString(
        max_length=64,
        required=False,
        allow_null=True,
        help_text="The tenant's slug or ID. Required only if the e-mail address exists in several tenants.",
    )


class RefreshRequest(InputSerializer):
    refresh_token = Secret()


class SignedInUser(serializers.Serializer):
    id = Id(Prefix.USER)
    email = serializers.EmailField()
    display_name = serializers.CharField()
    role = StrictChoice(Role)
    tenant_id = Id(Prefix.TENANT, allow_null=True)
    partner_id = Id(Prefix.PARTNER, allow_null=True)


class SignedIn(serializers.Serializer):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = Count()
    session_id = Id(Prefix.SESSION)
    user = SignedInUser()


class SignInRefused(serializers.Serializer):
    detail = serializers.CharField()
    mfa_required = serializers.BooleanField(required=False)


class SessionListItem(serializers.Serializer):
    id = Id(Prefix.SESSION)
    user_id = Id(Prefix.USER)
    user_email = serializers.CharField(allow_null=True)
    ip_address = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True)
    device_type = StrictChoice(DeviceType, allow_null=True)
    is_current = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    app_count = Count()


class SessionRevokeResponse(serializers.Serializer):
    revoked_count = Count()
    session_ids = serializers.ListField(child=Id(Prefix.SESSION))
    revocation_id = Id(
        Prefix.REVOCATION,
        required=False,
        allow_null=True,
        help_text="Only in admin endpoints: the revocation that ended the sessions.",
    )
    session_ids_truncated = serializers.BooleanField(
        required=False, help_text="Only in admin endpoints: whether there were more sessions than `session_ids` holds."
    )


class Me(SignedInUser):
    mfa_enabled = serializers.BooleanField()
    session = SessionListItem(allow_null=True)


class SessionAppInfo(serializers.Serializer):
    application_id = Id(Prefix.APPLICATION)
    application_name = serializers.CharField()
    accessed_at = serializers.DateTimeField()


class SessionResponse(serializers.Serializer):
    id = Id(Prefix.SESSION)
    user_id = Id(Prefix.USER)
    user_email = serializers.CharField(allow_null=True)
    user_display_name = serializers.CharField(allow_null=True)
    ip_address = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True)
    device_type = StrictChoice(DeviceType, allow_null=True)
    location = serializers.CharField(allow_null=True)
    is_current = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    sso_apps = SessionAppInfo(many=True)
    status = StrictChoice(SessionStatus)
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_by = serializers.CharField(allow_null=True)
    revoke_reason = serializers.CharField(allow_null=True)
    revocation_id = Id(Prefix.REVOCATION, allow_null=True)


class SessionStats(serializers.Serializer):
    active_sessions = Count()
    total_sessions = Count()
    revoked_sessions = Count()
    expired_sessions = Count()
    unique_users = Count()
    active_last_hour = Count(help_text=SPANS)
    active_last_24h = Count(help_text=SPANS)
    new_last_24h = Count()
    by_device_type = serializers.DictField(child=Count())
    by_browser = serializers.DictField(child=Count())
    by_os = serializers.DictField(child=Count())
    by_auth_method = serializers.DictField(child=Count())
    oldest_session_at = serializers.DateTimeField(allow_null=True)
    newest_session_at = serializers.DateTimeField(allow_null=True)
    average_duration_seconds = serializers.FloatField(allow_null=True)


def reason_field() -> StrictString:
    return StrictString(max_length=200, required=False, allow_null=True)


class Reason(InputSerializer):
    reason = reason_field()


class SessionRevokeRequest(InputSerializer):
    session_ids = serializers.ListField(
        child=StrictString(max_length=64), required=False, allow_null=True, max_length=1_000
    )
    revoke_all = StrictBoolean(default=False)
    except_current = StrictBoolean(default=True)
    reason = reason_field()

    rules = one_of(
        {
            "required": ["session_ids"],
            "properties": {"session_ids": {"type": "array", "minItems": 1}, "revoke_all": {"const": False}},
        },
        {
            "required": ["revoke_all"],
            "properties": {"session_ids": {"type": ["array", "null"], "maxItems": 0}, "revoke_all": {"const": True}},
        },
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["revoke_all"] == bool(attrs.get("session_ids")):
            raise serializers.ValidationError("Name session_ids, or revoke_all, and not both")
        return attrs


def only(target: str, *beside: str) -> dict[str, Any]:
    """Return the schema of a request with this target and no other, except those allowed `beside` it."""
    others: dict[str, Any] = {name: {"type": "null"} for name in TARGETS if name not in (target, *beside)}
    if "all" in others:
        others["all"] = {"const": False}
    present = {"const": True} if target == "all" else {"type": "string"}
    return {"required": [target], "properties": others | {target: present}}


class RevokeAllRequest(InputSerializer):
    """What to revoke: exactly one of `user_id`, `tenant_id`, `partner_id`, `application_id` and `all`. Beside
    `user_id`, `tenant_id` may name that user's tenant."""

    user_id = IdText(Prefix.USER, required=False, allow_null=True)
    tenant_id = IdText(Prefix.TENANT, required=False, allow_null=True)
    partner_id = IdText(Prefix.PARTNER, required=False, allow_null=True)
    application_id = IdText(Prefix.APPLICATION, required=False, allow_null=True)
    all = StrictBoolean(default=False)
    reason = reason_field()

    rules = one_of(only("user_id", "tenant_id"), *map(only, ("tenant_id", "partner_id", "application_id", "all")))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        targets = {name for name in TARGETS if attrs.get(name)}
        if len(targets) != 1 and targets != {"user_id", "tenant_id"}:
            raise serializers.ValidationError(f"Name exactly one of {', '.join(TARGETS)}")
        return attrs


class RevocationStatus(TextChoices):
    """Whether every session that a revocation has ended is marked as ended."""

    COMPLETE = "complete"
    SWEEPING = "sweeping"


class RevocationResponse(serializers.Serializer):
    id = Id(Prefix.REVOCATION)
    number = Count(allow_null=True)
    scope = StrictChoice(WireScope)
    scope_id = serializers.CharField(allow_null=True)
    filter = serializers.DictField(allow_null=True)
    reason = serializers.CharField()
    actor_id = serializers.CharField()
    actor_email = serializers.CharField()
    tenant_id = Id(Prefix.TENANT, allow_null=True)
    partner_id = Id(Prefix.PARTNER, allow_null=True)
    revoked_count = Count()
    swept_count = Count()
    created_at = serializers.DateTimeField()
    swept_at = serializers.DateTimeField(allow_null=True)
    status = StrictChoice(RevocationStatus)


class DashboardStats(serializers.Serializer):
    partners = Count(help_text="The number of partners; 0 if you cannot see any.")
    tenants = Count()
    users = Count()
    groups = Count()
    applications = Count(help_text="The number of applications, including those that a partner or the platform offers.")
    identity_providers = Count()
    agents = Count()
    active_sessions = Count()
    sign_ins_24h = Count()
    failed_sign_ins_24h = Count()
    revocations_24h = Count()
