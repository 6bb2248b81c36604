from typing import Any, Self

from django.db import models

from core.access import ScopedQuerySet
from tenancy.models import Tenant


class UserCountQuerySet(ScopedQuerySet["UserCount"]):
    def in_existing_tenant(self) -> Self:
        """Return the counts of users whose tenant and partner are not deleted."""
        return self.filter(tenant__deleted_at=None, tenant__partner__deleted_at=None)

    def total(self) -> models.QuerySet[Any, Any]:
        """Return one row with the sum, which is 0 without rows."""
        template = "coalesce(sum(%(expressions)s), 0)::bigint"
        return self.order_by().values(total=models.Func("n", template=template, output_field=models.BigIntegerField()))


class UserCount(models.Model):
    """The number of users of a tenant that are not deleted, kept by triggers (migration 0011).

    The tenant's partner, and whether the tenant is deleted, are read from the tenant.
    """

    tenant = models.OneToOneField(
        Tenant, models.CASCADE, primary_key=True, related_name="+", db_constraint=False, editable=False
    )
    n = models.BigIntegerField(editable=False)

    objects = UserCountQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.n} users"
