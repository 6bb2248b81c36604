from django.db import models
from django.db.models import Q

from accounts.models.users import PersonalQuerySet, User
from core.ids import Prefix
from core.models import Record


class ApiKeyQuerySet(PersonalQuerySet["ApiKey"]):
    tenant_path = "user__tenant"
    partner_path = "user__tenant__partner"

    def not_deleted(self) -> "ApiKeyQuerySet":
        return self.filter(deleted_at=None)

    def newest_first(self) -> "ApiKeyQuerySet":
        return self.order_by("-id")


class ApiKey(Record):
    """A long-lived credential of one user, shown once. Only its digest is stored."""

    prefix = Prefix.API_KEY

    user = models.ForeignKey(User, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, unique=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> object:
        return self.user.tenant_id


class SigningKey(models.Model):
    """An RSA key pair, published before it signs and kept for a while to verify what it signed."""

    kid = models.CharField(max_length=26, primary_key=True)
    private_pem = models.BinaryField()
    public_pem = models.TextField()
    created_at = models.DateTimeField()
    signs_from = models.DateTimeField()
    verifies_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verifies_until=None) | Q(verifies_until__gte=models.F("created_at")),
                name="signing_key_ends_after_it_began",
            )
        ]

    def __str__(self) -> str:
        return self.kid
