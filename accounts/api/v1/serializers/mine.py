"""One's own password, second factor and API keys."""

from rest_framework import serializers

from core.api.fields import Secret, StrictString
from core.api.response_fields import Count, Id
from core.api.serializers import InputSerializer, RowSerializer
from core.ids import Prefix


class PasswordChange(InputSerializer):
    current_password = Secret()
    new_password = Secret()


class Password(InputSerializer):
    password = Secret()


class Code(InputSerializer):
    code = StrictString(max_length=16)


class NewApiKey(InputSerializer):
    name = StrictString(max_length=100)


class SessionsEnded(serializers.Serializer):
    sessions_ended = Count()


class TotpEnrolment(serializers.Serializer):
    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()
    qr_svg = serializers.CharField()


class RecoveryCodes(serializers.Serializer):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class ApiKey(RowSerializer):
    id = Id(Prefix.API_KEY)
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class CreatedApiKey(ApiKey):
    api_key = serializers.CharField(help_text="The API key. It is shown only in this response: store it now.")
