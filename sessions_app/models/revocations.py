from typing import Self

from django.db import models
from django.db.models import Q

from core.access import ScopedQuerySet
from core.ids import Prefix
from core.models import Record, one_of


class RevocationScope(models.TextChoices):
    """What a revocation covers."""

    ADMINS = "admins"
    APPLICATION = "application"
    PARTNER = "partner"
    PLATFORM = "platform"
    SELECTION = "selection"
    SESSION = "session"
    TENANT = "tenant"
    USER = "user"


class RevocationQuerySet(ScopedQuerySet["Revocation"]):
    tenant_path = "tenant_id"
    partner_path = "partner_id"

    def to_sweep(self) -> Self:
        """Keep scope-wide revocations whose rows are not all marked yet, oldest first."""
        return self.filter(swept_at=None, number__isnull=False).order_by("number")

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Revocation(Record):
    """One revocation of any number of sessions. It takes effect when it commits; the sweep only marks the rows."""

    prefix = Prefix.REVOCATION

    number = models.BigIntegerField(null=True, unique=True)  # the revision that a scope-wide one requires from now on
    reach = models.CharField(max_length=16, choices=RevocationScope.choices)
    target_id = models.UUIDField(null=True)
    selection = models.JSONField(null=True)
    reason = models.CharField(max_length=200)
    actor_id = models.CharField(max_length=128)
    actor_label = models.CharField(max_length=320)
    tenant_id = models.UUIDField(null=True)
    partner_id = models.UUIDField(null=True)
    revoked_count = models.BigIntegerField(default=0)
    swept_count = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(null=True)

    objects = RevocationQuerySet.as_manager()

    class Meta:
        constraints = [one_of("reach", RevocationScope, "revocation_reach_is_known")]
        indexes = [
            models.Index(fields=["id"], condition=Q(swept_at=None), name="revocation_to_sweep"),
            models.Index(fields=["tenant_id", "-id"], name="revocation_by_tenant"),
            models.Index(fields=["partner_id", "-id"], name="revocation_by_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.reach}: {self.reason}"

    @property
    def is_scope_wide(self) -> bool:
        return self.number is not None

    @property
    def is_finished(self) -> bool:
        """Whether it will revoke nothing more: a scope at once, a selection after its last batch."""
        return self.is_scope_wide or self.swept_at is not None
