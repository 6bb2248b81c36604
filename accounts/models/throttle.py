from django.db import models


class SignInThrottle(models.Model):
    """A counter of failed sign-ins: of an account, of an address, or of an account at an address that it knows.

    Rate limits that are not an agent's count requests in the same table.
    """

    key = models.BinaryField(max_length=32, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    window_began_at = models.DateTimeField(null=True)
    blocked_until = models.DateTimeField(null=True)
    known_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["window_began_at"], name="throttle_by_window")]

    def __str__(self) -> str:
        return f"{self.failures} failures"
