"""What v1 takes and gives about accounts and credentials."""

from rest_framework import serializers

from core.fields import Secret, Text


class PasswordChange(serializers.Serializer):
    current_password = Secret()
    new_password = Secret()


class Password(serializers.Serializer):
    password = Secret()


class Code(serializers.Serializer):
    code = Text(max_length=16)


class NewApiKey(serializers.Serializer):
    name = Text(max_length=100)


class SessionsEnded(serializers.Serializer):
    sessions_ended = serializers.IntegerField()


class TotpEnrolment(serializers.Serializer):
    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()
    qr_svg = serializers.CharField()


class RecoveryCodes(serializers.Serializer):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class ApiKey(serializers.Serializer):
    id = serializers.CharField(source="handle")
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class ShownApiKey(ApiKey):
    api_key = serializers.CharField(help_text="Shown this once.")


# A form, in which RFC 6749 has unknown parameters ignored and none given twice.
TEXT = {"type": "string", "pattern": r"^[^\u0000]*$"}
TOKEN_REQUEST = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": TEXT,
        "client_id": TEXT,
        "client_secret": TEXT,
    },
    "additionalProperties": TEXT,
    "maxProperties": 20,
}


class PlatformToken(serializers.Serializer):
    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class OAuthError(serializers.Serializer):
    error = serializers.CharField()
    error_description = serializers.CharField()


class Jwks(serializers.Serializer):
    keys = serializers.ListField(child=serializers.DictField())
