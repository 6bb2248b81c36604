"""Exact numbers without a scan: what the counters hold, less the few rows that the clock has ended just now."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, BigIntegerField, Count, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, Now

from core.prepared import Prepared
from sessions_app.models import CounterKind, Reach, SessionCountState, SessionCountStateQuerySet, SessionState
from sessions_app.models.expressions import opened_as_admin
from tenancy.models import Platform


def live_count(reach: Reach, target_id: UUID | None) -> int:
    """How many live sessions there are within a reach; a user's are counted from their rows."""
    if reach in (Reach.USER, Reach.SESSION):
        return SessionState.objects.live().within(reach, target_id).count()
    return live_count_and_moment(reach, target_id)[0]


def live_count_and_moment(reach: Reach, target_id: UUID | None) -> tuple[int, datetime]:
    """And when exactly that was: a little later it may be fewer."""
    [counted] = _live_count(reach).fetch(target_id)
    return counted


@cache
def _live_count(reach: Reach) -> Prepared:
    target_id = UUID(int=3)
    total = Platform.objects.annotate(told=live_total(reach, target_id), at=Now()).values_list("told", "at")
    return Prepared(lambda: total, {target_id: "uuid"})


def live_total(reach: Reach, target_id: UUID | None) -> CombinedExpression:
    """The same, for use inside another query: what the counters hold, less what has lapsed since."""
    counted = counters_within(reach, target_id).current().filter(kind=CounterKind.ALL)
    lapsed = SessionState.objects.within(reach, target_id).not_revoked().timed_out()
    return _only(counted, Sum("n")) - _only(lapsed, Count("pk"))


def _only(rows: QuerySet[Any], aggregate: Aggregate) -> Coalesce:
    whole = rows.order_by().values(whole=Value(1)).annotate(told=Cast(aggregate, BigIntegerField())).values("told")
    return Coalesce(Subquery(whole, output_field=BigIntegerField()), 0)


def tenants_and_administrators(reach: Reach, target_id: UUID | None) -> tuple[int, int]:
    """Of how many tenants the live sessions within a reach are, and how many of them are administrators'."""
    whose = ("tenant", "is_admin")
    counted = counters_within(reach, target_id).current().filter(kind=CounterKind.ALL).order_by()
    live = {(tenant, is_admin): n for tenant, is_admin, n in counted.values_list(*whose).annotate(Sum("n"))}
    lapsed = SessionState.objects.within(reach, target_id).not_revoked().timed_out().order_by()
    over = lapsed.annotate(administers=opened_as_admin()).values_list("tenant", "administers").annotate(Count("pk"))
    for tenant, is_admin, n in over:
        live[tenant, is_admin] = live.get((tenant, is_admin), 0) - n
    tenants = {tenant for (tenant, _), n in live.items() if n > 0}
    return len(tenants), sum(n for (_, is_admin), n in live.items() if is_admin)


def counters_within(reach: Reach, target_id: UUID | None) -> SessionCountStateQuerySet:
    match reach:
        case Reach.PLATFORM:
            return SessionCountState.objects.all()
        case Reach.ADMINS:
            return SessionCountState.objects.filter(is_admin=True)
        case Reach.PARTNER:
            return SessionCountState.objects.filter(tenant__partner=target_id)
        case _:
            return SessionCountState.objects.filter(**{f"{reach}_id": target_id})
