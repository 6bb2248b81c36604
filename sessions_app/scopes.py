"""What a caller may count and revoke as a whole: tenants, partners, applications and users.

Which single sessions a principal sees is `visible_to`, in core/access.py; which they may revoke is `writable_by`.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Application, User
from core.access import Principal, Tier
from sessions_app.models import RevocationScope
from sessions_app.reads.live_counts import live_count, live_total
from sessions_app.reads.stats import NO_SESSIONS, session_stats
from tenancy.models import Partner, Tenant


@dataclass(frozen=True, slots=True)
class ScopeTotals:
    """The totals of a tenant, a partner or the platform, as far as the principal may see it."""

    principal: Principal
    scope: RevocationScope
    target_id: UUID | None
    partner_id: UUID | None = None  # if given, the tenant must belong to it

    @property
    def live(self) -> int:
        if self.principal.tier is not Tier.PARTNER or self.scope is not RevocationScope.TENANT:
            return live_count(self.scope, self.target_id)
        tenant = visible_tenants(self.principal).filter(pk=self.target_id)
        return tenant.order_by().values_list(live_total(self.scope, self.target_id), flat=True).first() or 0

    @property
    def stats(self) -> dict[str, Any]:
        of_partner = {"pk": self.target_id, "partner": self.partner_id}
        if self.partner_id and not visible_tenants(self.principal).filter(**of_partner).exists():
            return NO_SESSIONS
        seen_by = self.principal if self.scope is RevocationScope.TENANT else None
        return session_stats(self.scope, self.target_id, seen_by=seen_by) or NO_SESSIONS


def scope_of(
    principal: Principal, *, tenant_id: UUID | None = None, partner_id: UUID | None = None
) -> ScopeTotals | None:
    """Return the totals of what the principal sees, narrowed to a tenant or a partner; None if they cannot see it."""
    match principal.tier:
        case Tier.SUPER if tenant_id:
            return ScopeTotals(principal, RevocationScope.TENANT, tenant_id, partner_id)
        case Tier.SUPER if partner_id:
            return ScopeTotals(principal, RevocationScope.PARTNER, partner_id)
        case Tier.SUPER:
            return ScopeTotals(principal, RevocationScope.PLATFORM, None)
        case Tier.PARTNER if partner_id not in (None, principal.partner_id):
            return None
        case Tier.PARTNER if tenant_id:
            return ScopeTotals(principal, RevocationScope.TENANT, tenant_id)
        case Tier.PARTNER:
            return ScopeTotals(principal, RevocationScope.PARTNER, principal.partner_id)
        case _ if tenant_id in (None, principal.tenant_id) and partner_id in (None, principal.partner_id):
            return ScopeTotals(principal, RevocationScope.TENANT, principal.tenant_id)
        case _:
            return None


def owner_filter(principal: Principal) -> dict[str, UUID | None]:
    """Return the filter that every row visible to the principal satisfies."""
    match principal.tier:
        case Tier.PARTNER:
            return {"partner_id": principal.partner_id}
        case Tier.TENANT:
            return {"tenant_id": principal.tenant_id}
        case _:
            return {}


def visible_tenants(principal: Principal) -> Any:
    """Return the tenants the principal can see, without deleted ones and those of deleted partners."""
    return Tenant.objects.visible_to(principal).not_deleted().filter(partner__deleted_at=None)


def users_in(tenants: Any) -> Any:
    return User.objects.not_deleted().filter(tenant__in=tenants)


def revocable_targets(scope: RevocationScope, principal: Principal) -> Any:
    """Return what the principal may revoke all sessions of.

    Administrators may do so for their own tenants and partners, which includes their peers, and for users of lower
    tiers.
    """
    match scope:
        case RevocationScope.APPLICATION:
            return Application.objects.managed_by(principal).not_deleted()
        case RevocationScope.PARTNER if principal.tier is Tier.PARTNER:
            return Partner.objects.not_deleted().filter(pk__in=[principal.partner_id])
        case RevocationScope.PARTNER:
            return Partner.objects.visible_to(principal).not_deleted()
        case RevocationScope.TENANT:
            return visible_tenants(principal)
        case RevocationScope.USER:
            is_in_existing_tenant = Q(tenant__deleted_at=None, tenant__partner__deleted_at=None)
            return User.objects.writable_by(principal).not_deleted().filter(is_in_existing_tenant)
        case _:
            raise LookupError(f"{scope} has no targets")
