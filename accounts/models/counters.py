from typing import Any, Self

from django.db import models

from core.access import ScopedQuerySet
from tenancy.models import Tenant


class UserCountQuerySet(ScopedQuerySet["UserCount"]):
    def in_existing_tenant(self) -> Self:
        """The counts of those users that `User.objects.in_existing_tenant()` finds."""
        return self.filter(tenant__deleted_at=None, tenant__partner__deleted_at=None)

    def total(self) -> models.QuerySet[Any, Any]:
        """One row with the sum, which is 0 if there is nothing to add up."""
        whole = "coalesce(sum(%(expressions)s), 0)::bigint"
        return self.order_by().values(total=models.Func("n", template=whole, output_field=models.BigIntegerField()))


class UserCount(models.Model):
    """The number of users of a tenant that are not deleted, kept by triggers (migration 0011).

    Whose the tenant is, and whether it is deleted itself, is not in it: that is read from the tenant.
    """

    tenant = models.OneToOneField(
        Tenant, models.CASCADE, primary_key=True, related_name="+", db_constraint=False, editable=False
    )
    n = models.BigIntegerField(editable=False)

    objects = UserCountQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.n} users"
