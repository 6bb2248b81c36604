"""What the panel gives, field by field as its document has it."""

from rest_framework import serializers

UNKNOWN = "Unknown"


class AccountSession(serializers.Serializer):
    token = serializers.CharField(help_text="The session's handle. It is no credential.")
    issuedAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField()
    expiresAtTimestamp = serializers.IntegerField(help_text="The same in milliseconds since 1970.")
    isCurrent = serializers.BooleanField()
    ipAddress = serializers.CharField(help_text=f"`{UNKNOWN}` if it is not known.")
    userAgent = serializers.CharField()
    browser = serializers.CharField()
    os = serializers.CharField()
    device = serializers.CharField()
    lastSeenAt = serializers.DateTimeField(allow_null=True)
    firstSeenAt = serializers.DateTimeField(allow_null=True)
    fingerprint = serializers.CharField(
        allow_null=True, help_text="The same for the same person's sessions on the same browser, system and device."
    )


class Pagination(serializers.Serializer):
    page = serializers.IntegerField()
    perPage = serializers.IntegerField()
    total = serializers.IntegerField()
    totalPages = serializers.IntegerField()


class AccountSessions(serializers.Serializer):
    data = AccountSession(many=True)
    currentToken = serializers.CharField(allow_null=True)
    pagination = Pagination()


class SessionCount(serializers.Serializer):
    count = serializers.IntegerField()


class RevokedSessions(serializers.Serializer):
    revoked = serializers.IntegerField(help_text="How many there were.")
    currentSessionRevoked = serializers.BooleanField()


class RevokedSession(serializers.Serializer):
    revoked = serializers.BooleanField()
    currentSessionRevoked = serializers.BooleanField()


class AllRevoked(serializers.Serializer):
    data = RevokedSessions()


class OneRevoked(serializers.Serializer):
    data = RevokedSession()


class Error(serializers.Serializer):
    error = serializers.BooleanField()
    url = serializers.CharField()
    statusCode = serializers.IntegerField()
    statusMessage = serializers.CharField()
    message = serializers.CharField()
    data = serializers.DictField(required=False, help_text="Of a query that is not valid, what is wrong with it.")
