"""The performance goals. Nearly all are ratios, which are alike on slow and on fast machines."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.examples import SEARCH_TERMS, Kind
from bench.figures import (
    AFTER,
    AT_DEPTH,
    BARE,
    BEFORE,
    BY_NUMBER,
    CHECK_ALONE,
    CHECK_DURING_SWEEP,
    DRF_CHECK,
    FULL_CHECK,
    KNOX,
    LIST,
    OUR_LIST,
    PLAIN_CHECK,
    PURGE,
    REVOKE_ALL,
    SEARCH,
    STATS,
    SWEEP,
    TOTAL,
    UPDATE,
    VIEW_SET,
    WITH_IDS,
    Figures,
)

V1_SESSION_LISTS = (
    "/api/v1/admin/sessions",
    "/api/v1/me/sessions",
    "/api/v1/tenants/<str:tenant_id>/sessions",
    "/api/v1/tenants/<str:tenant_id>/sessions/users/<str:user_id>",
)


def max_python_cpu(kind: Kind, name_part: str = "") -> Callable[[Figures], float]:
    """Return a measure: the Python CPU of the costliest route of a kind."""
    return lambda figures: max(cost.python for row, cost in figures.of_kind(kind).items() if name_part in row.name)


def retrieve_cpu_ratio(figures: Figures) -> float:
    """Return the highest ratio of a single object's Python CPU to that of the idiomatic view set of its table."""
    costs = figures.of_kind(Kind.ONE).items()
    return max(cost.python / figures.view_sets[row.view_set, Kind.ONE].python for row, cost in costs if row.view_set)


def list_rate_ratio(*names: str) -> Callable[[Figures], float]:
    """Return a measure: the lowest ratio of a list's requests per second to those of the idiomatic list of its rows."""

    def lowest(figures: Figures) -> float:
        lists = figures.of_kind(Kind.LIST).items()
        chosen = [(row, cost) for row, cost in lists if not names or row.name in names]
        return min(cost.rate / figures.view_sets[row.view_set, Kind.LIST].rate for row, cost in chosen)

    return lowest


def slowest_search(figures: Figures) -> float:
    return max(figures.times[SEARCH.format(kind)][figures.big] for kind in SEARCH_TERMS)


@dataclass(frozen=True)
class Goal:
    description: str
    measure: Callable[[Figures], float]
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    needs: str = ""  # the peer it compares with, which may be left out of a run

    def is_met(self, value: float) -> bool:
        return value >= self.at_least if self.at_least is not None else value <= (self.at_most or 0)

    @property
    def target(self) -> str:
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{sign} {format_number(bound or 0)}{self.unit}"


GOALS = [
    Goal(
        "session check in a DRF view with all of the product's middleware / a bare Django view",
        lambda figures: figures.rates[FULL_CHECK] / figures.rates[BARE],
        at_least=0.30,
    ),
    Goal(
        "session check in a DRF view with only the middleware it needs / a bare Django view",
        lambda figures: figures.rates[DRF_CHECK] / figures.rates[BARE],
        at_least=0.30,
    ),
    Goal(
        "session check in a plain view with only the middleware it needs / a bare Django view",
        lambda figures: figures.rates[PLAIN_CHECK] / figures.rates[BARE],
        at_least=0.45,
    ),
    Goal(
        "session check in a DRF view with all of the product's middleware / django-rest-knox's check",
        lambda figures: figures.rates[FULL_CHECK] / figures.rates[KNOX],
        at_least=4,
        needs=KNOX,
    ),
    Goal("costliest GET of one object, Python CPU", max_python_cpu(Kind.ONE), at_most=1.0, unit=" ms"),
    Goal(
        "costliest GET of one object / idiomatic retrieve from the same table, Python CPU",
        retrieve_cpu_ratio,
        at_most=1,
        needs=VIEW_SET,
    ),
    Goal("costliest list of 20, Python CPU", max_python_cpu(Kind.LIST), at_most=2.0, unit=" ms"),
    Goal(
        "slowest list of 20 / idiomatic list of the same table, requests/s",
        list_rate_ratio(),
        at_least=2,
        needs=VIEW_SET,
    ),
    Goal(
        "slowest v1 list of sessions / idiomatic list of the same table, requests/s",
        list_rate_ratio(*V1_SESSION_LISTS),
        at_least=4,
        needs=VIEW_SET,
    ),
    Goal(
        "list of 20 in a tenant of {largest} / idiomatic list in a tenant of {small}, requests/s",
        lambda figures: figures.rates[OUR_LIST] / figures.rates[VIEW_SET],
        at_least=4,
        needs=VIEW_SET,
    ),
    Goal(
        "edge list with a filter of five terms, Python CPU",
        max_python_cpu(Kind.FILTERED, "five terms"),
        at_most=3.0,
        unit=" ms",
    ),
    Goal("slowest first page of a search in a tenant of {big}", slowest_search, at_most=50, unit=" ms"),
    Goal(
        "page 1 in a tenant of {largest} / in a tenant of {small}, SQL time",
        lambda figures: figures.times[LIST][figures.largest] / figures.times[LIST][figures.small],
        at_most=1.5,
    ),
    Goal(
        "cursor page at depth {depth} / page 1, SQL time",
        lambda figures: figures.times[AT_DEPTH][figures.big] / figures.times[LIST][figures.big],
        at_most=1.5,
    ),
    Goal(
        "numbered page at depth {depth}, SQL time",
        lambda figures: figures.times[BY_NUMBER][figures.big],
        at_most=100,
        unit=" ms",
    ),
    Goal(
        "revoke-all of {big} live sessions / of {smallest} live sessions",
        lambda figures: figures.times[REVOKE_ALL][figures.big] / figures.times[REVOKE_ALL][figures.smallest],
        at_most=2,
    ),
    Goal(
        "revoke-all of {big} live sessions / of {smallest} live sessions, listing up to 10,000 ids",
        lambda figures: figures.times[WITH_IDS][figures.big] / figures.times[WITH_IDS][figures.smallest],
        at_most=2,
    ),
    Goal(
        "revoke-all of {big} live sessions / UPDATE of their rows",
        lambda figures: figures.times[REVOKE_ALL][figures.big] / figures.times[UPDATE][figures.big],
        at_most=0.001,
    ),
    Goal(
        "page 1 after revoke-all of {big} live sessions, without vacuum / before",
        lambda figures: figures.times[AFTER][figures.big] / figures.times[BEFORE][figures.big],
        at_most=3,
    ),
    Goal("exact total of a tenant of {big}", lambda figures: figures.times[TOTAL][figures.big], at_most=10, unit=" ms"),
    Goal("stats of a tenant of {big}", lambda figures: figures.times[STATS][figures.big], at_most=10, unit=" ms"),
    Goal("sweep", lambda figures: figures.speeds[SWEEP], at_least=50_000, unit=" rows/s"),
    Goal("sweep, longest batch", lambda figures: figures.batches[SWEEP][1], at_most=100, unit=" ms"),
    Goal(
        "session check during the sweep / alone, p99",
        lambda figures: figures.p99[CHECK_DURING_SWEEP] / figures.p99[CHECK_ALONE],
        at_most=2,
    ),
    Goal("purge", lambda figures: figures.speeds[PURGE], at_least=50_000, unit=" rows/s"),
    Goal("purge, longest batch", lambda figures: figures.batches[PURGE][1], at_most=100, unit=" ms"),
]


@dataclass(frozen=True)
class GoalResult:
    goal: Goal
    description: str
    value: float | None  # none if the peer was left out

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not run"
        return "pass" if self.goal.is_met(self.value) else "fail"

    @property
    def measured(self) -> str:
        return "-" if self.value is None else f"{format_number(self.value)}{self.goal.unit}"


def evaluate(figures: Figures) -> list[GoalResult]:
    sizes = {name: format_size(getattr(figures, name)) for name in ("smallest", "small", "big", "largest", "depth")}
    return [GoalResult(goal, goal.description.format(**sizes), value_of(goal, figures)) for goal in GOALS]


def value_of(goal: Goal, figures: Figures) -> float | None:
    return None if goal.needs and goal.needs not in figures.rates else goal.measure(figures)


def format_size(number: int) -> str:
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if number % unit == 0 and number:
            return f"{number // unit}{name}"
    return f"{number:,}"


def format_number(value: float) -> str:
    """Format a number with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.001 else f"{value:.2g}".replace("e-0", "e-")
