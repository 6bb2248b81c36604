"""The responses of the panel dialect, with the field names of its documentation."""

from rest_framework import serializers

UNKNOWN = "Unknown"


class AccountSession(serializers.Serializer):
    token = serializers.CharField(help_text="The session's ID. It is not a credential.")
    issuedAt = serializers.DateTimeField(help_text="When the session started.")
    expiresAt = serializers.DateTimeField(help_text="When the session expires.")
    expiresAtTimestamp = serializers.IntegerField(help_text="When the session expires, in milliseconds since 1970.")
    isCurrent = serializers.BooleanField(help_text="Whether this is the session that sent this request.")
    ipAddress = serializers.CharField(help_text=f"The IP address last used; `{UNKNOWN}` if unknown.")
    userAgent = serializers.CharField(help_text=f"The user agent; `{UNKNOWN}` if unknown.")
    browser = serializers.CharField(help_text="The browser, judged by the user agent.")
    os = serializers.CharField(help_text="The operating system, judged by the user agent.")
    device = serializers.CharField(help_text="The kind of device, judged by the user agent.")
    lastSeenAt = serializers.DateTimeField(allow_null=True, help_text="When the session was last used, to the minute.")
    firstSeenAt = serializers.DateTimeField(allow_null=True, help_text="When the session was first used.")
    fingerprint = serializers.CharField(
        allow_null=True,
        help_text="Equal for sessions of the same user on the same browser, operating system and device.",
    )


class AccountPagination(serializers.Serializer):
    page = serializers.IntegerField(help_text="The number of this page.")
    perPage = serializers.IntegerField(help_text="How many items a page holds.")
    total = serializers.IntegerField(help_text="How many sessions there are.")
    totalPages = serializers.IntegerField(help_text="How many pages there are.")


class AccountSessions(serializers.Serializer):
    data = AccountSession(many=True, help_text="The sessions of this page.")  # type: ignore[assignment]  # a field of that name, not the property
    currentToken = serializers.CharField(
        allow_null=True, help_text="The ID of the session that sent this request; null with an API key."
    )
    pagination = AccountPagination(help_text="Where this page is in the list.")


class AccountSessionCount(serializers.Serializer):
    count = serializers.IntegerField(help_text="How many active sessions you have.")


class RevokedAccountSessions(serializers.Serializer):
    revoked = serializers.IntegerField(help_text="How many sessions were revoked.")
    currentSessionRevoked = serializers.BooleanField(
        help_text="Whether the session that sent this request was revoked."
    )


class RevokedAccountSession(serializers.Serializer):
    revoked = serializers.BooleanField(help_text="Whether the session was revoked: true.")
    currentSessionRevoked = serializers.BooleanField(
        help_text="Whether the session that sent this request was revoked."
    )


class AllAccountSessionsRevoked(serializers.Serializer):
    data = RevokedAccountSessions(help_text="What was revoked.")  # type: ignore[assignment]  # a field of that name, not the property


class AccountSessionRevoked(serializers.Serializer):
    data = RevokedAccountSession(help_text="What was revoked.")  # type: ignore[assignment]  # a field of that name, not the property


class AccountError(serializers.Serializer):
    error = serializers.BooleanField(help_text="True.")
    url = serializers.CharField(help_text="The path that was requested.")
    statusCode = serializers.IntegerField(help_text="The HTTP status.")
    statusMessage = serializers.CharField(help_text="What went wrong.")
    message = serializers.CharField(help_text="What went wrong.")
    data = serializers.DictField(required=False, help_text="Which query parameters are invalid, and why.")  # type: ignore[assignment]  # a field of that name, not the property
