"""Limits on the number of tenants, users and applications. Each holds under the lock of the row that sets it."""

from collections.abc import Callable

from core.access import Principal
from tenancy.models import Partner, Tenant
from tenancy.operations.locks import lock_tenant_for_create


class LimitReached(Exception):
    def __init__(self, limit: str, allowed: int, used: int) -> None:
        super().__init__(f"{limit} is {allowed} and {used} are in use")
        self.limit, self.allowed, self.used = limit, allowed, used


def enforce_limit(tenant: Tenant, limit: str, count: Callable[[], int], *, actor: Principal) -> None:
    """Raise LimitReached if a partner's limit allows no more in a tenant; otherwise hold both locked.

    The partner's lock has concurrent creates counted one after the other; the tenant's keeps it from being deleted.
    """
    locked = lock_tenant_for_create(tenant, actor=actor)
    if locked.is_staff:
        return
    partner = Partner.objects.select_for_update(no_key=True).get(pk=locked.partner_id)
    allowed = getattr(partner, limit)
    if allowed is not None:
        check_limit(limit, allowed, count())


def enforce_tenant_limit(locked: Partner) -> None:
    """Raise LimitReached if a partner, whose row is locked, may have no more tenants."""
    used = Tenant.objects.not_deleted().filter(partner=locked, kind=Tenant.Kind.CUSTOMER).count()
    check_limit("max_tenants", locked.max_tenants, used)


def check_limit(limit: str, allowed: int | None, used: int) -> None:
    """Raise LimitReached unless one more is allowed."""
    if allowed is not None and used >= allowed:
        raise LimitReached(limit, allowed, used)
