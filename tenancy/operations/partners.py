from django.db import transaction

from core.access import Principal
from tenancy.models import Partner, Tenant
from tenancy.operations.changes import record_created


@transaction.atomic
def create_partner(*, actor: Principal, name: str, slug: str, **fields: object) -> Partner:
    """Create a partner, and the staff tenant that its administrators are users of."""
    partner = Partner.objects.create(name=name, slug=slug, **fields)
    Tenant.objects.create(partner=partner, kind=Tenant.Kind.PARTNER_STAFF, name=f"{name} staff")
    record_created(partner, actor=actor, name=name, slug=slug, **fields)
    return partner
