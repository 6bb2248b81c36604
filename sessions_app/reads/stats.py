"""What is told of a tenant's, a partner's or the platform's sessions, exactly and in one statement."""

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
from sessions_app.models import CounterKind, Reach, SessionCountStateQuerySet, SessionState, SessionStateQuerySet, State
from sessions_app.reads import live_counts
from tenancy.models import Partner, Platform, Tenant

HOUR, DAY = "hour", "day"
_TARGET, _TENANT, _PARTNER = (UUID(int=number) for number in (3, 4, 5))  # where values go
_PLACE, _OLDEST, _NEWEST = "place", "oldest", "newest"
_COLUMNS = {
    CounterKind.DEVICE_TYPE: "device_type",
    CounterKind.BROWSER: "browser",
    CounterKind.OS: "os",
    CounterKind.AUTH_METHOD: "auth_method",
}
Told = dict[tuple[str, str], Counter[str]]


def statistics(reach: Reach, target_id: UUID | None, *, seen_by: Principal | None) -> dict[str, Any] | None:
    """None when `seen_by` may not know of it, or there is none: they ask once, and cannot tell which.

    Activity is counted in spans of five minutes: of the last hour are all who were seen in a span that touches it.
    """
    tier = seen_by.tier if seen_by else None
    whose = (seen_by.tenant_id, seen_by.partner_id) if seen_by else (None, None)
    told: Told = {}
    for state, kind, value, n in _statement(reach, tier).fetch(target_id, *whose):
        told.setdefault((state, kind), Counter())[value] += n or 0  # nothing at all adds up to null
    return _words(told) if (_PLACE, "") in told else None


@cache
def _statement(reach: Reach, tier: Tier | None) -> Prepared:
    seen_by = replace(Principal.system(""), tier=tier, tenant_id=_TENANT, partner_id=_PARTNER) if tier else None
    places: dict[Reach, QuerySet[Any]] = {
        Reach.PARTNER: Partner.objects.not_deleted().filter(pk=_TARGET),
        Reach.TENANT: Tenant.objects.not_deleted().filter(pk=_TARGET),
    }
    place: Any = places[reach] if reach in places else Platform.objects.all()
    if seen_by is not None and reach in places:
        place = place.visible_to(seen_by)
    return Prepared(lambda: _branches(reach, _TARGET, place), {_TARGET: "uuid", _TENANT: "uuid", _PARTNER: "uuid"})


def _branches(reach: Reach, target_id: UUID, place: QuerySet[Any]) -> QuerySet[Any]:
    sessions = SessionState.objects.within(reach, target_id)
    there = _row(place.order_by(), _PLACE, "", "", _epoch(Now()))
    return there.union(
        _counters(live_counts.counters_within(reach, target_id)),
        *_lapsed(sessions.not_revoked().timed_out()),
        *_ends(reach, target_id, sessions),
        all=True,
    )


def _row(rows: QuerySet[Any], state: Any, kind: Any, value: Any, n: Any) -> QuerySet[Any]:
    texts = [each if hasattr(each, "resolve_expression") else Value(each) for each in (state, kind, value)]
    named = dict(zip(("told_state", "told_kind", "told_value"), texts, strict=True))
    return rows.annotate(**named).values_list(*named).annotate(told_n=Cast(n, BigIntegerField()))


def _counters(counters: SessionCountStateQuerySet) -> QuerySet[Any]:
    """What fell with a floor is revoked, whether its row says so yet or not."""
    asked = counters.filter(
        ~Q(kind__in=[CounterKind.SEEN, CounterKind.OPENED])
        | Q(kind__in=[CounterKind.SEEN, CounterKind.OPENED], slot__gte=_slot(timedelta(days=1)))
    )
    state = Case(When(state=State.LIVE, is_current=False, then=Value(State.REVOKED)), default=F("state"))
    when = Case(
        When(kind=CounterKind.SEEN, slot__gte=_slot(timedelta(hours=1)), then=Value(HOUR)),
        When(kind=CounterKind.SEEN, then=Value(DAY)),
        default=F("value"),
    )
    return _row(asked.order_by(), state, F("kind"), when, Sum("n"))


def _lapsed(rows: SessionStateQuerySet) -> Iterator[QuerySet[Any]]:
    """What the clock has ended and nobody has written down yet comes off again."""
    rows = rows.order_by()
    yield _row(rows, State.EXPIRED, CounterKind.ALL, "", Count("pk"))
    yield _row(rows, State.LIVE, CounterKind.ALL, "", -Count("pk"))
    yield _row(rows, State.LIVE, CounterKind.AGE, "", -Sum(_epoch(F("created_at"))))
    for kind, column in _COLUMNS.items():
        yield _row(rows, State.LIVE, kind, F(column), -Count("pk"))
    heir = SessionState.objects.live_by_index().filter(user=OuterRef("user"))
    yield _row(rows.filter(~Exists(heir), is_newest=True), State.LIVE, CounterKind.USER, "", -Count("pk"))
    seen = Func(F("last_activity_at"), function="session_count_slot", output_field=BigIntegerField())
    recent = rows.alias(span=seen).filter(span__gte=_slot(timedelta(days=1)))
    when = Case(When(span__gte=_slot(timedelta(hours=1)), then=Value(HOUR)), default=Value(DAY))
    yield _row(recent, State.LIVE, CounterKind.SEEN, when, -Count("pk"))


def _ends(reach: Reach, target_id: UUID, sessions: SessionStateQuerySet) -> Iterator[QuerySet[Any]]:
    """The oldest and the newest live session, found from either end of an index."""
    tenant_id = target_id if reach is Reach.TENANT else None
    partner_id = target_id if reach is Reach.PARTNER else None
    live = sessions.opened_since_last_scope_revocation(tenant_id=tenant_id, partner_id=partner_id).live_by_index()
    for which, order in ((_OLDEST, "pk"), (_NEWEST, "-pk")):
        yield _row(live.order_by(order), which, "", "", _epoch(F("created_at"), 1_000_000))[:1]


def _epoch(moment: Any, parts: int = 1) -> Func:
    template = f"floor(extract(epoch FROM %(expressions)s) * {parts})::bigint"
    return Func(moment, template=template, output_field=BigIntegerField())


def _slot(ago: timedelta) -> Func:
    return Func(Now() - ago, function="session_count_slot", output_field=BigIntegerField())


def _words(told: Told) -> dict[str, Any]:
    def among(state: str, kind: str) -> dict[str, int]:
        counts = told.get((state, kind), Counter())
        counts[UNKNOWN] += counts.pop("", 0)
        return {value: n for value, n in sorted(counts.items()) if n}

    def one(state: str, kind: str = CounterKind.ALL) -> int:
        return sum(told.get((state, kind), {}).values())

    active, revoked, expired = one(State.LIVE), one(State.REVOKED), one(State.EXPIRED)
    seen = told.get((State.LIVE, CounterKind.SEEN), Counter())
    now = one(_PLACE, "")  # by the database's clock
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
        "oldest_session_at": _moment(told, _OLDEST),
        "newest_session_at": _moment(told, _NEWEST),
        # How long the live ones have lasted so far.
        "average_duration_seconds": max(0, round(now - one(State.LIVE, CounterKind.AGE) / active)) if active else 0,
    }


def _moment(told: Told, which: str) -> datetime | None:
    n = sum(told.get((which, ""), {}).values())
    return datetime.fromtimestamp(n / 1_000_000, UTC) if n else None


NOTHING = _words({})
