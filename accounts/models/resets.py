from django.db import models
from django.db.models.functions import Now

from accounts.models.users import User


class PasswordReset(models.Model):
    """A one-time code for a new password, at most one per user. It is deleted when used."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="password_reset")
    digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"password reset of {self.user_id}"
