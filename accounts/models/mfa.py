from django.db import models

from accounts.models.users import User


class TotpDevice(models.Model):
    """A user's authenticator app. It is required at sign-in once a first code has confirmed it."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="totp")
    sealed_secret = models.BinaryField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=-1)

    def __str__(self) -> str:
        return f"TOTP of {self.user_id}"


class RecoveryCode(models.Model):
    """A one-time code that replaces the second factor. It is deleted when used."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_is_unique")]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"
