"""Exact statistics of a tenant's, a partner's or the platform's sessions, in one statement."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Case, Count, Exists, F, Func, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Now

from core.access import Principal, Tier
from core.prepared import Prepared
from sessions_app.devices import UNKNOWN
from sessions_app.models import (
    CounterKind,
    RevocationScope,
    SessionCountStateQuerySet,
    SessionState,
    SessionStateQuerySet,
    State,
)
from sessions_app.reads import live_counts
from tenancy.models import Partner, Platform, Tenant

HOUR, DAY = "hour", "day"
_TARGET, _TENANT, _PARTNER = (UUID(int=number) for number in (3, 4, 5))  # placeholders for the values
_TARGET_ROW, _OLDEST, _NEWEST = "target", "oldest", "newest"
_COLUMNS = {
    CounterKind.DEVICE_TYPE: "device_type",
    CounterKind.BROWSER: "browser",
    CounterKind.OS: "os",
    CounterKind.AUTH_METHOD: "auth_method",
}
Totals = dict[tuple[str, str], Counter[str]]


def session_stats(
    scope: RevocationScope, target_id: UUID | None, *, seen_by: Principal | None
) -> dict[str, Any] | None:
    """Return the statistics of a scope, or None if it does not exist or `seen_by` cannot see it.

    Activity is counted in spans of five minutes, so "the last hour" includes any span that overlaps it.
    """
    tier = seen_by.tier if seen_by else None
    ids = (seen_by.tenant_id, seen_by.partner_id) if seen_by else (None, None)
    totals: Totals = {}
    for state, kind, value, n in _statement(scope, tier).fetch(target_id, *ids):
        totals.setdefault((state, kind), Counter())[value] += n or 0  # a sum of no rows is null
    return _as_dict(totals) if (_TARGET_ROW, "") in totals else None


@cache
def _statement(scope: RevocationScope, tier: Tier | None) -> Prepared:
    seen_by = replace(Principal.system(""), tier=tier, tenant_id=_TENANT, partner_id=_PARTNER) if tier else None
    targets: dict[RevocationScope, QuerySet[Any]] = {
        RevocationScope.PARTNER: Partner.objects.not_deleted().filter(pk=_TARGET),
        RevocationScope.TENANT: Tenant.objects.not_deleted().filter(pk=_TARGET),
    }
    target: Any = targets[scope] if scope in targets else Platform.objects.all()
    if seen_by is not None and scope in targets:
        target = target.visible_to(seen_by)
    return Prepared(lambda: _branches(scope, _TARGET, target), {_TARGET: "uuid", _TENANT: "uuid", _PARTNER: "uuid"})


def _branches(scope: RevocationScope, target_id: UUID, target: QuerySet[Any]) -> QuerySet[Any]:
    sessions = SessionState.objects.in_scope(scope, target_id)
    target_row = _row(target.order_by(), _TARGET_ROW, "", "", _epoch(Now()))
    return target_row.union(
        _counters(live_counts.counters_within(scope, target_id)),
        *_timed_out(sessions.not_revoked().timed_out()),
        *_oldest_and_newest(scope, target_id, sessions),
        all=True,
    )


def _row(rows: QuerySet[Any], state: Any, kind: Any, value: Any, n: Any) -> QuerySet[Any]:
    texts = [each if hasattr(each, "resolve_expression") else Value(each) for each in (state, kind, value)]
    columns = dict(zip(("row_state", "row_kind", "row_value"), texts, strict=True))
    return rows.annotate(**columns).values_list(*columns).annotate(row_n=Cast(n, BigIntegerField()))


def _counters(counters: SessionCountStateQuerySet) -> QuerySet[Any]:
    """Read the counters. Sessions below a floor count as revoked, whether their rows are marked yet or not."""
    current = counters.filter(
        ~Q(kind__in=[CounterKind.SEEN, CounterKind.OPENED])
        | Q(kind__in=[CounterKind.SEEN, CounterKind.OPENED], slot__gte=_slot(timedelta(days=1)))
    )
    state = Case(When(state=State.LIVE, is_current=False, then=Value(State.REVOKED)), default=F("state"))
    when = Case(
        When(kind=CounterKind.SEEN, slot__gte=_slot(timedelta(hours=1)), then=Value(HOUR)),
        When(kind=CounterKind.SEEN, then=Value(DAY)),
        default=F("value"),
    )
    return _row(current.order_by(), state, F("kind"), when, Sum("n"))


def _timed_out(rows: SessionStateQuerySet) -> Iterator[QuerySet[Any]]:
    """Correct the counters by sessions that have timed out and are not marked yet."""
    rows = rows.order_by()
    yield _row(rows, State.EXPIRED, CounterKind.ALL, "", Count("pk"))
    yield _row(rows, State.LIVE, CounterKind.ALL, "", -Count("pk"))
    yield _row(rows, State.LIVE, CounterKind.AGE, "", -Sum(_epoch(F("created_at"))))
    for kind, column in _COLUMNS.items():
        yield _row(rows, State.LIVE, kind, F(column), -Count("pk"))
    live_of_user = SessionState.objects.live_by_index().filter(user=OuterRef("user"))
    yield _row(rows.filter(~Exists(live_of_user), is_newest=True), State.LIVE, CounterKind.USER, "", -Count("pk"))
    seen = Func(F("last_activity_at"), function="session_count_slot", output_field=BigIntegerField())
    recent = rows.alias(span=seen).filter(span__gte=_slot(timedelta(days=1)))
    when = Case(When(span__gte=_slot(timedelta(hours=1)), then=Value(HOUR)), default=Value(DAY))
    yield _row(recent, State.LIVE, CounterKind.SEEN, when, -Count("pk"))


def _oldest_and_newest(
    scope: RevocationScope, target_id: UUID, sessions: SessionStateQuerySet
) -> Iterator[QuerySet[Any]]:
    """Read the times of the oldest and the newest live session from the ends of an index."""
    tenant_id = target_id if scope is RevocationScope.TENANT else None
    partner_id = target_id if scope is RevocationScope.PARTNER else None
    live = sessions.opened_since_last_scope_revocation(tenant_id=tenant_id, partner_id=partner_id).live_by_index()
    for which, order in ((_OLDEST, "pk"), (_NEWEST, "-pk")):
        yield _row(live.order_by(order), which, "", "", _epoch(F("created_at"), 1_000_000))[:1]


def _epoch(moment: Any, parts: int = 1) -> Func:
    template = f"floor(extract(epoch FROM %(expressions)s) * {parts})::bigint"
    return Func(moment, template=template, output_field=BigIntegerField())


def _slot(ago: timedelta) -> Func:
    return Func(Now() - ago, function="session_count_slot", output_field=BigIntegerField())


def _as_dict(totals: Totals) -> dict[str, Any]:
    def among(state: str, kind: str) -> dict[str, int]:
        counts = totals.get((state, kind), Counter())
        counts[UNKNOWN] += counts.pop("", 0)
        return {value: n for value, n in sorted(counts.items()) if n}

    def one(state: str, kind: str = CounterKind.ALL) -> int:
        return sum(totals.get((state, kind), {}).values())

    active, revoked, expired = one(State.LIVE), one(State.REVOKED), one(State.EXPIRED)
    seen = totals.get((State.LIVE, CounterKind.SEEN), Counter())
    now = one(_TARGET_ROW, "")  # by the database's clock
    return {
        "active_sessions": active,
        "total_sessions": active + revoked + expired,
        "revoked_sessions": revoked,
        "expired_sessions": expired,
        "unique_users": one(State.LIVE, CounterKind.USER),
        "active_last_hour": seen[HOUR],
        "active_last_24h": seen[HOUR] + seen[DAY],
        "new_last_24h": one(State.ANY, CounterKind.OPENED),
        **{f"by_{kind}": among(State.LIVE, kind) for kind in _COLUMNS},
        "oldest_session_at": _moment(totals, _OLDEST),
        "newest_session_at": _moment(totals, _NEWEST),
        # How long the live sessions have lasted so far.
        "average_duration_seconds": max(0, round(now - one(State.LIVE, CounterKind.AGE) / active)) if active else 0,
    }


def _moment(totals: Totals, which: str) -> datetime | None:
    n = sum(totals.get((which, ""), {}).values())
    return datetime.fromtimestamp(n / 1_000_000, UTC) if n else None


NO_SESSIONS = _as_dict({})
