"""Exact numbers of live sessions without a scan: the counters, minus the few sessions that have just timed out."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, BigIntegerField, Count, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, Now

from core.prepared import Prepared
from sessions_app.models import CounterKind, RevocationScope, SessionCountState, SessionCountStateQuerySet, SessionState
from sessions_app.models.expressions import opened_as_admin
from tenancy.models import Platform, Tenant


def live_count(scope: RevocationScope, target_id: UUID | None) -> int:
    """Count the live sessions in a scope. A user's are counted from the rows."""
    if scope in (RevocationScope.USER, RevocationScope.SESSION):
        return SessionState.objects.live().in_scope(scope, target_id).count()
    return live_count_and_moment(scope, target_id)[0]


def live_count_and_moment(scope: RevocationScope, target_id: UUID | None) -> tuple[int, datetime]:
    """Count the live sessions in a scope, and return the moment for which the number holds."""
    [row] = _live_count(scope).fetch(target_id)
    return row


@cache
def _live_count(scope: RevocationScope) -> Prepared:
    target_id = UUID(int=3)
    total = Platform.objects.annotate(total=live_total(scope, target_id), at=Now()).values_list("total", "at")
    return Prepared(lambda: total, {target_id: "uuid"})


def live_total(scope: RevocationScope, target_id: UUID | None) -> CombinedExpression:
    """Return the number of live sessions in a scope as an expression for another query."""
    counters = counters_within(scope, target_id).current().filter(kind=CounterKind.ALL)
    timed_out = SessionState.objects.in_scope(scope, target_id).not_revoked().timed_out()
    return _scalar(counters, Sum("n")) - _scalar(timed_out, Count("pk"))


def _scalar(rows: QuerySet[Any], aggregate: Aggregate) -> Coalesce:
    single = rows.order_by().values(single=Value(1)).annotate(total=Cast(aggregate, BigIntegerField())).values("total")
    return Coalesce(Subquery(single, output_field=BigIntegerField()), 0)


def tenants_and_administrators(scope: RevocationScope, target_id: UUID | None) -> tuple[int, int]:
    """Return how many customer tenants have live sessions in a scope, and how many sessions are administrators'."""
    owner = ("tenant", "tenant__kind", "is_admin")
    counters = counters_within(scope, target_id).current().filter(kind=CounterKind.ALL).order_by()
    live = {
        (tenant, kind, is_admin): n for tenant, kind, is_admin, n in counters.values_list(*owner).annotate(Sum("n"))
    }
    timed_out = SessionState.objects.in_scope(scope, target_id).not_revoked().timed_out().order_by()
    timed_out_by_owner = (
        timed_out.annotate(administers=opened_as_admin())
        .values_list("tenant", "tenant__kind", "administers")
        .annotate(Count("pk"))
    )
    for tenant, kind, is_admin, n in timed_out_by_owner:
        live[tenant, kind, is_admin] = live.get((tenant, kind, is_admin), 0) - n
    tenants = {tenant for (tenant, kind, _), n in live.items() if n > 0 and kind == Tenant.Kind.CUSTOMER}
    return len(tenants), sum(n for (*_, is_admin), n in live.items() if is_admin)


def counters_within(scope: RevocationScope, target_id: UUID | None) -> SessionCountStateQuerySet:
    match scope:
        case RevocationScope.PLATFORM:
            return SessionCountState.objects.all()
        case RevocationScope.ADMINS:
            return SessionCountState.objects.filter(is_admin=True)
        case RevocationScope.PARTNER:
            return SessionCountState.objects.filter(tenant__partner=target_id)
        case _:
            return SessionCountState.objects.filter(**{f"{scope}_id": target_id})
