"""The dashboard's figures: counts of every kind of resource, and sign-ins and revocations by hour."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncHour
from django.utils import timezone

from accounts.models import Agent, Application, Group, IdentityProvider, UserCount
from audit.actions import Action, Result
from audit.models import AuditEntry
from core.access import Principal, count_of
from core.ids import first_at
from core.queries import fetch_for
from core.timestamps import milliseconds
from sessions_app.models import Revocation
from sessions_app.scopes import scope_of, visible_tenants
from tenancy.models import Partner, Platform

DAY = timedelta(days=1)
R = TypeVar("R", bound=QuerySet[Any])


class ActivityKind(StrEnum):
    SIGN_INS = "sign-ins"
    FAILED = "failed"
    REVOCATIONS = "revocations"


_RESULTS = {Result.SUCCESS: ActivityKind.SIGN_INS, ActivityKind.REVOCATIONS: ActivityKind.REVOCATIONS}


@dataclass(frozen=True, slots=True)
class OwnerFilter:
    """Narrows rows to a tenant, a partner or neither."""

    tenant_id: UUID | None = None
    partner_id: UUID | None = None

    def apply(self, rows: R, tenant: str, *partners: str) -> R:
        """Filter rows, given the lookups of their tenant and their partner."""
        if self.tenant_id:
            rows = rows.filter(**{tenant: self.tenant_id})
        if self.partner_id:
            theirs = Q()
            for each in partners:
                theirs |= Q(**{each: self.partner_id})
            rows = rows.filter(theirs)
        return rows


def totals(principal: Principal, *, tenant_id: UUID | None = None, partner_id: UUID | None = None) -> dict[str, int]:
    """Count what the principal can see, optionally of one tenant or partner; what they cannot see counts 0."""
    since_id = _first_at(timezone.now() - DAY)
    [counts] = fetch_for(principal, _counts, tenant_id, partner_id, since_id)
    sessions = scope_of(principal, tenant_id=tenant_id, partner_id=partner_id)
    is_visible_tenant = counts["tenants"] or not tenant_id
    return {**counts, "active_sessions": sessions.live if sessions and is_visible_tenant else 0}


def _counts(principal: Principal, tenant_id: UUID | None, partner_id: UUID | None, since_id: UUID) -> Any:
    owner = OwnerFilter(tenant_id, partner_id)
    rows = {**_resources(principal, owner), **_last_day(principal, owner, since_id)}
    users = owner.apply(UserCount.objects.visible_to(principal).in_existing_tenant(), "tenant", "tenant__partner")
    counts = {name: count_of(each) for name, each in rows.items()} | {"users": Subquery(users.total())}
    return Platform.objects.values(**{name: Coalesce(each, 0) for name, each in counts.items()})


def _resources(principal: Principal, owner: OwnerFilter) -> dict[str, QuerySet[Any]]:
    """Return the visible rows by kind of resource, except users, which have a counter."""
    by_tenant: dict[str, QuerySet[Any]] = {
        "agents": Agent.objects.visible_to(principal).in_existing_tenant(),
        "groups": Group.objects.visible_to(principal).in_existing_tenant(),
        "identity_providers": IdentityProvider.objects.visible_to(principal).in_existing_tenant(),
    }
    applications = Application.objects.visible_to(principal).not_deleted()
    return {
        "partners": owner.apply(Partner.objects.visible_to(principal).not_deleted(), "tenants", "pk"),
        "tenants": owner.apply(visible_tenants(principal), "pk", "partner"),
        "applications": owner.apply(applications, "tenant", "partner", "tenant__partner"),
        **{name: owner.apply(rows, "tenant", "tenant__partner") for name, rows in by_tenant.items()},
    }


def hourly_activity(principal: Principal, since: datetime) -> dict[tuple[datetime, ActivityKind], int]:
    """Count sign-ins, failed sign-ins and revocations by hour, in one statement. Hours without any are omitted."""
    since_id = _first_at(since)
    sign_ins = _hourly(_sign_ins(principal, since_id).annotate(kind=F("result")))
    revocations = Revocation.objects.visible_to(principal).filter(pk__gte=since_id)
    revocations_by_hour = _hourly(revocations.annotate(kind=Value(ActivityKind.REVOCATIONS)))
    activity: Counter[tuple[datetime, ActivityKind]] = Counter()
    for hour, kind, n in sign_ins.union(revocations_by_hour, all=True):
        activity[hour, _RESULTS.get(kind, ActivityKind.FAILED)] += n
    return activity


def _hourly(rows: QuerySet[Any]) -> Any:
    hours = rows.order_by().annotate(hour=TruncHour("created_at", tzinfo=UTC)).values("hour", "kind")
    return hours.annotate(n=Count("*")).values_list("hour", "kind", "n")


def _last_day(principal: Principal, owner: OwnerFilter, since_id: UUID) -> dict[str, QuerySet[Any]]:
    sign_ins = owner.apply(_sign_ins(principal, since_id), "tenant_id", "partner_id")
    revocations = Revocation.objects.visible_to(principal).filter(pk__gte=since_id)
    return {
        "sign_ins_24h": sign_ins.filter(result=Result.SUCCESS),
        "failed_sign_ins_24h": sign_ins.exclude(result=Result.SUCCESS),
        "revocations_24h": owner.apply(revocations, "tenant_id", "partner_id"),
    }


def _sign_ins(principal: Principal, since: UUID) -> QuerySet[Any]:
    return AuditEntry.objects.visible_to(principal).filter(pk__gte=since, action=Action.SIGNED_IN)


def _first_at(moment: datetime) -> UUID:
    """Return the lowest id of a moment, since ids are ordered by time."""
    return first_at(milliseconds(moment))
