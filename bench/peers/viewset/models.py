"""A table of sessions as it comes to mind first."""

from django.conf import settings
from django.db import models


class DeviceSession(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="device_sessions")
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=512, blank=True)
    device_type = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_activity_at = models.DateTimeField(auto_now=True)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "viewset"

    def __str__(self) -> str:
        return f"{self.user} from {self.ip_address}"
