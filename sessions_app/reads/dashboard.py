"""How much there is of everything within somebody's reach, and what the last day brought, in one statement."""

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
from sessions_app.authority import scope_of, visible_tenants
from sessions_app.models import Revocation
from tenancy.models import Partner, Platform

DAY = timedelta(days=1)
R = TypeVar("R", bound=QuerySet[Any])


class ActivityKind(StrEnum):
    SIGN_INS = "sign-ins"
    FAILED = "failed"
    REVOCATIONS = "revocations"


_RESULTS = {Result.SUCCESS: ActivityKind.SIGN_INS, ActivityKind.REVOCATIONS: ActivityKind.REVOCATIONS}


@dataclass(frozen=True, slots=True)
class Place:
    """The tenant or the partner that is asked about, if any is."""

    tenant_id: UUID | None = None
    partner_id: UUID | None = None

    def of(self, rows: R, tenant: str, *partners: str) -> R:
        """Those of them that lie in it, by the paths that lead there."""
        if self.tenant_id:
            rows = rows.filter(**{tenant: self.tenant_id})
        if self.partner_id:
            theirs = Q()
            for each in partners:
                theirs |= Q(**{each: self.partner_id})
            rows = rows.filter(theirs)
        return rows


def totals(principal: Principal, *, tenant_id: UUID | None = None, partner_id: UUID | None = None) -> dict[str, int]:
    """Of what is not within their reach there is nothing."""
    a_day_ago = _first_at(timezone.now() - DAY)
    [counted] = fetch_for(principal, _counts, tenant_id, partner_id, a_day_ago)
    sessions = scope_of(principal, tenant_id=tenant_id, partner_id=partner_id)
    is_there = counted["tenants"] or not tenant_id
    return {**counted, "active_sessions": sessions.live if sessions and is_there else 0}


def _counts(principal: Principal, tenant_id: UUID | None, partner_id: UUID | None, a_day_ago: UUID) -> Any:
    asked = Place(tenant_id, partner_id)
    rows = {**_things(principal, asked), **_news(principal, asked, a_day_ago)}
    users = asked.of(UserCount.objects.visible_to(principal).in_existing_tenant(), "tenant", "tenant__partner")
    counts = {name: count_of(each) for name, each in rows.items()} | {"users": Subquery(users.total())}
    return Platform.objects.values(**{name: Coalesce(each, 0) for name, each in counts.items()})


def _things(principal: Principal, asked: Place) -> dict[str, QuerySet[Any]]:
    """Each name is a kind of thing: what of it there is for them. Users are counted elsewhere."""
    seen: dict[str, QuerySet[Any]] = {
        "agents": Agent.objects.visible_to(principal).in_existing_tenant(),
        "groups": Group.objects.visible_to(principal).in_existing_tenant(),
        "identity_providers": IdentityProvider.objects.visible_to(principal).in_existing_tenant(),
    }
    applications = Application.objects.visible_to(principal).not_deleted()
    return {
        "partners": asked.of(Partner.objects.visible_to(principal).not_deleted(), "tenants", "pk"),
        "tenants": asked.of(visible_tenants(principal), "pk", "partner"),
        "applications": asked.of(applications, "tenant", "partner", "tenant__partner"),
        **{name: asked.of(rows, "tenant", "tenant__partner") for name, rows in seen.items()},
    }


def hourly_activity(principal: Principal, since: datetime) -> dict[tuple[datetime, ActivityKind], int]:
    """What each hour since then brought, in one statement. An hour of nothing is not among them."""
    first = _first_at(since)
    tried = _hourly(_sign_ins(principal, first).annotate(what=F("result")))
    revoked = Revocation.objects.visible_to(principal).filter(pk__gte=first)
    acts = _hourly(revoked.annotate(what=Value(ActivityKind.REVOCATIONS)))
    brought: Counter[tuple[datetime, ActivityKind]] = Counter()
    for hour, what, n in tried.union(acts, all=True):
        brought[hour, _RESULTS.get(what, ActivityKind.FAILED)] += n
    return brought


def _hourly(rows: QuerySet[Any]) -> Any:
    hours = rows.order_by().annotate(hour=TruncHour("created_at", tzinfo=UTC)).values("hour", "what")
    return hours.annotate(n=Count("*")).values_list("hour", "what", "n")


def _news(principal: Principal, asked: Place, a_day_ago: UUID) -> dict[str, QuerySet[Any]]:
    tried = asked.of(_sign_ins(principal, a_day_ago), "tenant_id", "partner_id")
    revoked = Revocation.objects.visible_to(principal).filter(pk__gte=a_day_ago)
    return {
        "sign_ins_24h": tried.filter(result=Result.SUCCESS),
        "failed_sign_ins_24h": tried.exclude(result=Result.SUCCESS),
        "revocations_24h": asked.of(revoked, "tenant_id", "partner_id"),
    }


def _sign_ins(principal: Principal, since: UUID) -> QuerySet[Any]:
    return AuditEntry.objects.visible_to(principal).filter(pk__gte=since, action=Action.SIGNED_IN)


def _first_at(moment: datetime) -> UUID:
    """Ids are made in the order of time: those of a day lie together."""
    return first_at(milliseconds(moment))
