"""What the admin tokens' dialect gives, field by field as its document has it, and its source beyond that."""

from rest_framework import serializers

SECONDS = "Seconds since 1970."
STATUSES = ("active", "expired", "revoked", "invalidated")


class AdminSession(serializers.Serializer):
    jti = serializers.CharField(help_text="The session's handle. It is no credential.")
    iat = serializers.IntegerField(help_text=SECONDS)
    exp = serializers.IntegerField(help_text=SECONDS)
    v = serializers.IntegerField(help_text="The version that was current when it was opened.")
    tv = serializers.IntegerField(help_text="The same.")
    ip = serializers.CharField(help_text="`unknown` if it is not known.")
    ua = serializers.CharField()
    status = serializers.ChoiceField(STATUSES)


class AdminSessions(serializers.Serializer):
    success = serializers.BooleanField()
    count = serializers.IntegerField()
    sessions = AdminSession(many=True)
    currentTokenVersion = serializers.IntegerField()
    now = serializers.IntegerField(help_text=SECONDS)


class AdminSessionRevoked(serializers.Serializer):
    success = serializers.BooleanField()
    jti = serializers.CharField()


class AllAdminSessionsRevoked(serializers.Serializer):
    success = serializers.BooleanField()
    nextTokenVersion = serializers.IntegerField()
    timestamp = serializers.DateTimeField()


class AdminTokensError(serializers.Serializer):
    success = serializers.BooleanField()
    error = serializers.CharField()


class CleanedUp(serializers.Serializer):
    ok = serializers.BooleanField()
    deleted = serializers.IntegerField()


class CronError(serializers.Serializer):
    ok = serializers.BooleanField(required=False)
    error = serializers.CharField()
