"""The responses of the admin-tokens dialect, with the field names of its documentation and its source."""

from rest_framework import serializers

STATUSES = ("active", "expired", "revoked", "invalidated")


class AdminSession(serializers.Serializer):
    jti = serializers.CharField(help_text="The session's ID. It is not a credential.")
    iat = serializers.IntegerField(help_text="When the session started, in seconds since 1970.")
    exp = serializers.IntegerField(help_text="When the session expires, in seconds since 1970.")
    v = serializers.IntegerField(help_text="The token version that was current when the session started.")
    tv = serializers.IntegerField(help_text="The same as `v`.")
    ip = serializers.CharField(help_text="The IP address last used; `unknown` if there is none.")
    ua = serializers.CharField(help_text="The user agent; `unknown` if there is none.")
    status = serializers.ChoiceField(
        STATUSES,
        help_text="`invalidated`: revoked together with all administrators. `revoked`: revoked in another way. "
        "`expired`: timed out.",
    )


class AdminSessions(serializers.Serializer):
    success = serializers.BooleanField(help_text="Whether the request succeeded.")
    count = serializers.IntegerField(help_text="How many there are, including those not returned.")
    sessions = AdminSession(many=True, help_text="At most the newest 10,000.")
    currentTokenVersion = serializers.IntegerField(help_text="The token version of new sessions.")
    now = serializers.IntegerField(help_text="The server's time, in seconds since 1970.")


class AdminSessionRevoked(serializers.Serializer):
    success = serializers.BooleanField(help_text="Whether the request succeeded.")
    jti = serializers.CharField(help_text="The ID of the revoked session.")


class AllAdminSessionsRevoked(serializers.Serializer):
    success = serializers.BooleanField(help_text="Whether the request succeeded.")
    nextTokenVersion = serializers.IntegerField(help_text="The token version from now on.")
    timestamp = serializers.DateTimeField(help_text="When the sessions were revoked.")


class AdminTokensError(serializers.Serializer):
    success = serializers.BooleanField(help_text="Whether the request succeeded.")
    error = serializers.CharField(help_text="What went wrong.")


class CleanedUp(serializers.Serializer):
    ok = serializers.BooleanField(help_text="Whether the request succeeded.")
    deleted = serializers.IntegerField(help_text="How many sessions were deleted.")


class CronError(serializers.Serializer):
    ok = serializers.BooleanField(required=False, help_text="Whether the request succeeded.")
    error = serializers.CharField(help_text="What went wrong.")
