from django.db import models

from tenancy.models import Tenant, TenantKind


class TenantState(models.Model):
    """A tenant with the floors that apply to all of its sessions. Mapped to a view."""

    tenant = models.OneToOneField(Tenant, models.DO_NOTHING, primary_key=True, related_name="state")
    kind = models.CharField(max_length=16, choices=TenantKind.choices)
    slug = models.SlugField(max_length=63, null=True)
    name = models.CharField(max_length=200)
    partner_id = models.UUIDField(null=True)
    is_active = models.BooleanField()
    min_revision = models.BigIntegerField()
    admin_min_revision = models.BigIntegerField()
    floor_raised_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "tenant_state"

    def __str__(self) -> str:
        return self.name
