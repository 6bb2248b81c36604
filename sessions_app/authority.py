"""How far a caller's eye and hand go: what there is whose sessions they may count, and end all at once."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Application, User
from core.access import Principal, Tier
from sessions_app.models import Reach
from sessions_app.reads.live_counts import live_count, live_total
from sessions_app.reads.stats import NOTHING, statistics
from tenancy.models import Partner, Tenant


@dataclass(frozen=True, slots=True)
class ScopeTotals:
    """All the sessions of something, in the eyes of somebody to whom it may not exist."""

    principal: Principal
    reach: Reach
    target_id: UUID | None
    partner_id: UUID | None = None  # the tenant's, if that is asked for as well

    @property
    def live(self) -> int:
        if self.principal.tier is not Tier.PARTNER or self.reach is not Reach.TENANT:
            return live_count(self.reach, self.target_id)
        place = visible_tenants(self.principal).filter(pk=self.target_id)
        return place.order_by().values_list(live_total(self.reach, self.target_id), flat=True).first() or 0

    @property
    def statistics(self) -> dict[str, Any]:
        of_partner = {"pk": self.target_id, "partner": self.partner_id}
        if self.partner_id and not visible_tenants(self.principal).filter(**of_partner).exists():
            return NOTHING
        seen_by = self.principal if self.reach is Reach.TENANT else None
        return statistics(self.reach, self.target_id, seen_by=seen_by) or NOTHING


def scope_of(
    principal: Principal, *, tenant_id: UUID | None = None, partner_id: UUID | None = None
) -> ScopeTotals | None:
    """All that they see, or what of it is named; None if that can be nothing."""
    match principal.tier:
        case Tier.SUPER if tenant_id:
            return ScopeTotals(principal, Reach.TENANT, tenant_id, partner_id)
        case Tier.SUPER if partner_id:
            return ScopeTotals(principal, Reach.PARTNER, partner_id)
        case Tier.SUPER:
            return ScopeTotals(principal, Reach.PLATFORM, None)
        case Tier.PARTNER if partner_id not in (None, principal.partner_id):
            return None
        case Tier.PARTNER if tenant_id:
            return ScopeTotals(principal, Reach.TENANT, tenant_id)
        case Tier.PARTNER:
            return ScopeTotals(principal, Reach.PARTNER, principal.partner_id)
        case _ if tenant_id in (None, principal.tenant_id) and partner_id in (None, principal.partner_id):
            return ScopeTotals(principal, Reach.TENANT, principal.tenant_id)
        case _:
            return None


def owner_filter(principal: Principal) -> dict[str, UUID | None]:
    """What everything that they see belongs to."""
    match principal.tier:
        case Tier.PARTNER:
            return {"partner_id": principal.partner_id}
        case Tier.TENANT:
            return {"tenant_id": principal.tenant_id}
        case _:
            return {}


def visible_tenants(principal: Principal) -> Any:
    """Those the caller may know of. What is under something deleted is gone with it."""
    return Tenant.objects.visible_to(principal).not_deleted().filter(partner__deleted_at=None)


def users_in(tenants_seen: Any) -> Any:
    return User.objects.not_deleted().filter(tenant__in=tenants_seen)


def revocable_targets(reach: Reach, principal: Principal) -> Any:
    """Of tenants and partners, whoever runs one may end all sessions, their equals' too; of users, those below them."""
    match reach:
        case Reach.APPLICATION:
            return Application.objects.managed_by(principal).not_deleted()
        case Reach.PARTNER if principal.tier is Tier.PARTNER:
            return Partner.objects.not_deleted().filter(pk__in=[principal.partner_id])
        case Reach.PARTNER:
            return Partner.objects.visible_to(principal).not_deleted()
        case Reach.TENANT:
            return visible_tenants(principal)
        case Reach.USER:
            is_housed = Q(tenant__deleted_at=None, tenant__partner__deleted_at=None)
            return User.objects.writable_by(principal).not_deleted().filter(is_housed)
        case _:
            raise LookupError(f"nobody ends {reach} by naming it")
