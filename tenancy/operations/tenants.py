from typing import Any

from django.db import transaction

from core.access import Principal
from core.models import ConcurrentChange
from tenancy.models import Partner, Tenant
from tenancy.operations.changes import change, record_created
from tenancy.operations.limits import enforce_tenant_limit
from tenancy.operations.locks import Versions, lock
from tenancy.signals import pre_tenant_move, send_and_count, tenant_moved


@transaction.atomic
def create_tenant(*, actor: Principal, partner: Partner, name: str, slug: str, **fields: object) -> Tenant:
    locked = lock(partner, actor=actor)
    enforce_tenant_limit(locked)
    tenant = Tenant.objects.create(partner=locked, name=name, slug=slug, **fields)
    record_created(tenant, actor=actor, name=name, slug=slug, partner=locked, **fields)
    return tenant


@transaction.atomic
def change_tenant(
    tenant: Tenant, *, actor: Principal, versions: Versions = None, partner: Partner | None = None, **columns: Any
) -> int:
    """Update a tenant, or move it to another partner; return how many sessions that revoked.

    A move revokes its sessions: they were opened under the old partner's policy and listed by its administrators.
    """
    if partner is None or partner.pk == tenant.partner_id:
        return change(tenant, actor=actor, versions=versions, **columns)
    before: Any = tenant.partner_id

    def check_move() -> None:
        partners = Partner.objects.not_deleted().select_for_update(no_key=True).filter(pk__in={before, partner.pk})
        locked = {each.pk: each for each in partners.order_by("pk")}.get(partner.pk)
        if locked is None:
            raise ConcurrentChange
        enforce_tenant_limit(locked)
        send_and_count(pre_tenant_move, tenant, actor=actor, partner=locked)

    revoked = change(
        tenant, actor=actor, versions=versions, ending="tenant moved", guard=check_move, partner=partner, **columns
    )
    send_and_count(tenant_moved, tenant, actor=actor)
    return revoked
