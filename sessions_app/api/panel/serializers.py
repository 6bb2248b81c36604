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


class AccountPagination(serializers.Serializer):
    page = serializers.IntegerField()
    perPage = serializers.IntegerField()
    total = serializers.IntegerField()
    totalPages = serializers.IntegerField()


class AccountSessions(serializers.Serializer):
    data = AccountSession(many=True)  # type: ignore[assignment]  # a field of that name, not the property
    currentToken = serializers.CharField(allow_null=True)
    pagination = AccountPagination()


class AccountSessionCount(serializers.Serializer):
    count = serializers.IntegerField()


class RevokedAccountSessions(serializers.Serializer):
    revoked = serializers.IntegerField(help_text="How many there were.")
    currentSessionRevoked = serializers.BooleanField()


class RevokedAccountSession(serializers.Serializer):
    revoked = serializers.BooleanField()
    currentSessionRevoked = serializers.BooleanField()


class AllAccountSessionsRevoked(serializers.Serializer):
    data = RevokedAccountSessions()  # type: ignore[assignment]  # a field of that name, not the property


class AccountSessionRevoked(serializers.Serializer):
    data = RevokedAccountSession()  # type: ignore[assignment]  # a field of that name, not the property


class AccountError(serializers.Serializer):
    error = serializers.BooleanField()
    url = serializers.CharField()
    statusCode = serializers.IntegerField()
    statusMessage = serializers.CharField()
    message = serializers.CharField()
    data = serializers.DictField(required=False, help_text="What is wrong with a query.")  # type: ignore[assignment]  # a field of that name, not the property
