"""What was promised of speed. Nearly all are ratios: they hold on a slow machine as on a fast one."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.examples import SEARCHED, Kind
from bench.figures import (
    AFTERWARDS,
    ALONE,
    AT_DEPTH,
    BARE,
    BEFORE,
    BESIDE_SWEEP,
    BY_NUMBER,
    DRF_CHECK,
    KNOX,
    LIST,
    OUR_LIST,
    PLAIN_CHECK,
    PURGE,
    REVOKE_ALL,
    SEARCH,
    SHIPPED_CHECK,
    STATS,
    SWEEP,
    TOTAL,
    UPDATE,
    VIEWSET,
    WITH_IDS,
    Figures,
)

V1_SESSION_LISTS = (
    "/api/v1/admin/sessions",
    "/api/v1/me/sessions",
    "/api/v1/tenants/<str:tenant_id>/sessions",
    "/api/v1/tenants/<str:tenant_id>/sessions/users/<str:user_id>",
)


def most_python(kind: Kind, named: str = "") -> Callable[[Figures], float]:
    """The Python CPU of the costliest route of a kind."""
    return lambda seen: max(cost.python for row, cost in seen.of_kind(kind).items() if named in row.name)


def against_retrieve(seen: Figures) -> float:
    """The costliest one thing, in Python CPU, against retrieving a row of the same table in the idiomatic way."""
    costs = seen.of_kind(Kind.ONE).items()
    return max(cost.python / seen.idiomatic[row.beside, Kind.ONE].python for row, cost in costs if row.beside)


def against_list(*names: str) -> Callable[[Figures], float]:
    """The slowest list, in requests a second, against the idiomatic one of the same rows."""

    def least(seen: Figures) -> float:
        lists = seen.of_kind(Kind.LIST).items()
        chosen = [(row, cost) for row, cost in lists if not names or row.name in names]
        return min(cost.rate / seen.idiomatic[row.beside, Kind.LIST].rate for row, cost in chosen)

    return least


def slowest_search(seen: Figures) -> float:
    return max(seen.times[SEARCH.format(kind)][seen.big] for kind in SEARCHED)


@dataclass(frozen=True)
class Goal:
    what: str
    measured: Callable[[Figures], float]
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    needs: str = ""  # a peer that is not always asked

    def is_met(self, value: float) -> bool:
        return value >= self.at_least if self.at_least is not None else value <= (self.at_most or 0)

    @property
    def wanted(self) -> str:
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{sign} {shown(bound or 0)}{self.unit}"


GOALS = [
    Goal(
        "session check in a DRF view, behind all of the product's middleware / a bare Django view",
        lambda seen: seen.rates[SHIPPED_CHECK] / seen.rates[BARE],
        at_least=0.30,
    ),
    Goal(
        "session check in a DRF view, behind what it needs / a bare Django view",
        lambda seen: seen.rates[DRF_CHECK] / seen.rates[BARE],
        at_least=0.30,
    ),
    Goal(
        "session check in a plain view / a bare Django view",
        lambda seen: seen.rates[PLAIN_CHECK] / seen.rates[BARE],
        at_least=0.45,
    ),
    Goal(
        "session check behind all of the product's middleware / knox's",
        lambda seen: seen.rates[SHIPPED_CHECK] / seen.rates[KNOX],
        at_least=4,
        needs=KNOX,
    ),
    Goal("every GET of one thing, Python CPU: the most", most_python(Kind.ONE), at_most=1.0, unit=" ms"),
    Goal("the same / an idiomatic retrieve of the same kind", against_retrieve, at_most=1, needs=VIEWSET),
    Goal("every list of 20, Python CPU: the most", most_python(Kind.LIST), at_most=2.0, unit=" ms"),
    Goal(
        "every list, requests/s / an idiomatic list of the same kind: the least",
        against_list(),
        at_least=2,
        needs=VIEWSET,
    ),
    Goal("v1's lists of sessions, the same: the least", against_list(*V1_SESSION_LISTS), at_least=4, needs=VIEWSET),
    Goal(
        "list of 20 from {largest} / ViewSet, ModelSerializer and count over {small}",
        lambda seen: seen.rates[OUR_LIST] / seen.rates[VIEWSET],
        at_least=4,
        needs=VIEWSET,
    ),
    Goal(
        "edge list by a filter of five terms, Python CPU",
        most_python(Kind.FILTERED, "five terms"),
        at_most=3.0,
        unit=" ms",
    ),
    Goal("first page of a search in a tenant of {big}: the slowest", slowest_search, at_most=50, unit=" ms"),
    Goal(
        "page 1 at {largest} / at {small}, SQL time",
        lambda seen: seen.times[LIST][seen.largest] / seen.times[LIST][seen.small],
        at_most=1.5,
    ),
    Goal(
        "cursor page at depth {depth} / page 1",
        lambda seen: seen.times[AT_DEPTH][seen.big] / seen.times[LIST][seen.big],
        at_most=1.5,
    ),
    Goal("numbered page at depth {depth}", lambda seen: seen.times[BY_NUMBER][seen.big], at_most=100, unit=" ms"),
    Goal(
        "revoke-all of a tenant: {big} live / {smallest} live",
        lambda seen: seen.times[REVOKE_ALL][seen.big] / seen.times[REVOKE_ALL][seen.smallest],
        at_most=2,
    ),
    Goal(
        "the same, up to 10,000 ids listed",
        lambda seen: seen.times[WITH_IDS][seen.big] / seen.times[WITH_IDS][seen.smallest],
        at_most=2,
    ),
    Goal(
        "revoke-all of {big} / UPDATE of its rows",
        lambda seen: seen.times[REVOKE_ALL][seen.big] / seen.times[UPDATE][seen.big],
        at_most=0.001,
    ),
    Goal(
        "page 1 right after revoke-all of {big}, no vacuum / before",
        lambda seen: seen.times[AFTERWARDS][seen.big] / seen.times[BEFORE][seen.big],
        at_most=3,
    ),
    Goal("exact total of a tenant of {big}", lambda seen: seen.times[TOTAL][seen.big], at_most=10, unit=" ms"),
    Goal("stats of a tenant of {big}", lambda seen: seen.times[STATS][seen.big], at_most=10, unit=" ms"),
    Goal("sweep", lambda seen: seen.speeds[SWEEP], at_least=50_000, unit=" rows/s"),
    Goal("sweep, longest batch", lambda seen: seen.batches[SWEEP][1], at_most=100, unit=" ms"),
    Goal(
        "session check beside the sweep, p99 / by itself",
        lambda seen: seen.p99[BESIDE_SWEEP] / seen.p99[ALONE],
        at_most=2,
    ),
    Goal("purge", lambda seen: seen.speeds[PURGE], at_least=50_000, unit=" rows/s"),
    Goal("purge, longest batch", lambda seen: seen.batches[PURGE][1], at_most=100, unit=" ms"),
]


@dataclass(frozen=True)
class Finding:
    goal: Goal
    what: str
    value: float | None  # none where the peer was not asked

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not run"
        return "pass" if self.goal.is_met(self.value) else "short"

    @property
    def measured(self) -> str:
        return "-" if self.value is None else f"{shown(self.value)}{self.goal.unit}"


def judged(seen: Figures) -> list[Finding]:
    places = {name: rows(getattr(seen, name)) for name in ("smallest", "small", "big", "largest", "depth")}
    return [Finding(goal, goal.what.format(**places), value_of(goal, seen)) for goal in GOALS]


def value_of(goal: Goal, seen: Figures) -> float | None:
    return None if goal.needs and goal.needs not in seen.rates else goal.measured(seen)


def rows(number: int) -> str:
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if number % unit == 0 and number:
            return f"{number // unit}{name}"
    return f"{number:,}"


def shown(value: float) -> str:
    """Three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.001 else f"{value:.2g}".replace("e-0", "e-")
