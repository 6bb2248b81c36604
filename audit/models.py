"""The audit log. Its ids are plain columns and no foreign keys: an entry outlives what it is about."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from audit.actions import Action, Result
from core.access import Principal, ScopedQuerySet, Tier
from core.ids import Prefix
from core.models import Record


class Chain(models.Model):
    """The end of one hash chain. The row is locked while an entry is added, so a chain has no forks.

    `tenant_id` is the tenant's, or the nil UUID for entries that belong to no tenant.
    """

    tenant_id = models.UUIDField(primary_key=True)
    length = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32, default=bytes(32))

    def __str__(self) -> str:
        return f"{self.tenant_id} at {self.length}"


class AuditEntryQuerySet(ScopedQuerySet["AuditEntry"]):
    tenant_path = "tenant_id"
    partner_path = "partner_id"

    def visible_to(self, principal: Principal) -> Self:
        """Show entries about partners themselves to super admins only."""
        rows = super().visible_to(principal)
        return rows if principal.tier is Tier.SUPER else rows.filter(tenant_id__isnull=False)

    def writable_by(self, principal: Principal) -> Self:
        return self.none()


class AuditEntry(Record):
    prefix = Prefix.AUDIT_ENTRY

    chain_id = models.UUIDField()
    number = models.BigIntegerField()
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    created_at = models.DateTimeField()
    actor_type = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=128, blank=True)
    actor_label = models.CharField(max_length=320, blank=True)
    actor_tier = models.CharField(max_length=16)
    action = models.CharField(max_length=64)
    resource_type = models.CharField(max_length=32, blank=True)
    resource_id = models.CharField(max_length=128, blank=True)
    result = models.CharField(max_length=16)
    tenant_id = models.UUIDField(null=True)
    partner_id = models.UUIDField(null=True)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=512, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "number"], name="audit_chain_has_no_forks"),
            models.CheckConstraint(condition=Q(action__in=[a.value for a in Action]), name="audit_action_is_known"),
            models.CheckConstraint(condition=Q(result__in=[r.value for r in Result]), name="audit_result_is_known"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-id"], name="audit_by_tenant"),
            # tenant_id is included so that a partner's entries are counted by the index alone.
            models.Index(fields=["partner_id", "-id"], include=["tenant_id"], name="audit_by_partner"),
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["actor_label", "-id"], name="audit_by_actor_label"),
            models.Index(fields=["resource_id", "-id"], name="audit_by_resource"),
            # Sign-ins are the most frequent entries, and the dashboard counts them by the hour.
            models.Index(
                fields=["-id"],
                include=["tenant_id", "partner_id", "result", "created_at"],
                condition=Q(action=Action.SIGNED_IN),
                name="audit_sign_ins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_label or self.actor_type}: {self.result}"


class IdempotentResponse(models.Model):
    """The response to a request with an Idempotency-Key. It is encrypted, because it may hold a secret shown once."""

    actor_id = models.CharField(max_length=128)
    key = models.BinaryField(max_length=32)
    request = models.BinaryField(max_length=32)
    sealed = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "audit_givenanswer"
        constraints = [models.UniqueConstraint(fields=["actor_id", "key"], name="answer_is_given_once")]
        indexes = [models.Index(fields=["created_at"], name="answer_by_age")]

    def __str__(self) -> str:
        return f"to {self.actor_id} at {self.created_at}"
