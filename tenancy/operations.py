"""Making and changing what users live in. Limits are enforced here, under the lock of the row that sets them."""

from django.db import connection, transaction

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from tenancy.models import Partner, Tenant


class LimitReached(Exception):
    def __init__(self, limit: str, allowed: int, used: int) -> None:
        super().__init__(f"{limit} is {allowed} and {used} are in use")
        self.limit, self.allowed, self.used = limit, allowed, used


def next_revision() -> int:
    """Take the next number of the platform's counter.

    The row stays locked until commit, so numbers commit in the order they were taken.
    """
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenancy_platform SET revision = revision + 1 RETURNING revision")
        return cursor.fetchone()[0]


@transaction.atomic
def create_partner(*, actor: Principal, name: str, slug: str, **fields: object) -> Partner:
    """A partner, and the staff tenant its administrators will live in."""
    partner = Partner.objects.create(name=name, slug=slug, **fields)
    Tenant.objects.create(partner=partner, kind=Tenant.Kind.PARTNER_STAFF, name=f"{name} staff")
    made = {"name": [None, name], "slug": [None, slug]}
    record(Action.PARTNER_CREATED, actor=actor, resource=partner, partner_id=partner.pk, changes=made)
    return partner


@transaction.atomic
def create_tenant(*, actor: Principal, partner: Partner, name: str, slug: str, **fields: object) -> Tenant:
    limited = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    used = Tenant.objects.present().filter(partner=limited, kind=Tenant.Kind.CUSTOMER).count()
    hold("max_tenants", limited.max_tenants, used)
    tenant = Tenant.objects.create(partner=limited, name=name, slug=slug, **fields)
    made = {"name": [None, name], "slug": [None, slug]}
    record(Action.TENANT_CREATED, actor=actor, resource=tenant, tenant_id=tenant.pk, changes=made)
    return tenant


def hold(limit: str, allowed: int | None, used: int) -> None:
    if allowed is not None and used >= allowed:
        raise LimitReached(limit, allowed, used)
