from django.db import models


class SignInThrottle(models.Model):
    """Failures counted against one account, one address, or one account from an address that it knows; or the requests
    of a caller whose pace is limited."""

    key = models.BinaryField(max_length=32, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    window_began_at = models.DateTimeField(null=True)
    blocked_until = models.DateTimeField(null=True)
    known_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["window_began_at"], name="throttle_by_window")]

    def __str__(self) -> str:
        return f"{self.failures} failures"
