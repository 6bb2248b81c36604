"""What one run measured, before anybody judges it."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from bench.examples import Kind

BARE, DRF_CHECK, PLAIN_CHECK = "a bare Django view", "our check, in a DRF view", "our check, in a plain view"
SHIPPED_CHECK = "our check, in a DRF view, as shipped"
KNOX, DJANGO, USER_SESSIONS = "django-rest-knox", "Django's database sessions", "django-user-sessions"
OUR_LIST, VIEWSET = "our list of 20", "ViewSet, ModelSerializer, numbered pages"

LIST, AT_DEPTH, BY_NUMBER, TOTAL, STATS = "page 1", "cursor page, deep down", "numbered page there", "total", "stats"
REVOKE_ALL, WITH_IDS = "revoke-all", "revoke-all, ids listed"
UPDATE = "UPDATE of the rows"
BEFORE, AFTERWARDS = "page 1 before revoke-all", "page 1 right after"
SEARCH = "first page of a search for {}"
SWEEP, PURGE = "sweep", "purge"
ALONE, BESIDE_SWEEP = "a session check", "a session check beside the sweep"


@dataclass(frozen=True)
class Row:
    """A route or an act, and the size of the tenant it was asked in; none where that makes no difference."""

    name: str
    kind: Kind
    beside: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Cost:
    """Requests a second; and of each request: milliseconds of CPU, statements, and rows touched."""

    rate: float
    python: float
    database: float
    statements: int = 0
    rows: int = 0

    def with_work(self, statements: int, rows: int) -> "Cost":
        return replace(self, statements=statements, rows=rows)


@dataclass
class Figures:
    """Rates are requests a second, times milliseconds by the number of live sessions, speeds rows a second."""

    sizes: list[int]
    rates: dict[str, float] = field(default_factory=dict)
    times: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    speeds: dict[str, float] = field(default_factory=dict)
    batches: dict[str, tuple[float, float]] = field(default_factory=dict)  # the median one, the longest one
    costs: dict[Row, Cost] = field(default_factory=dict)
    idiomatic: dict[tuple[str, Kind], Cost] = field(default_factory=dict)  # by the view set's name
    p99: dict[str, float] = field(default_factory=dict)  # milliseconds of a session check
    machine: dict[str, Any] = field(default_factory=dict)

    def of_kind(self, *kinds: Kind) -> dict[Row, Cost]:
        return {row: cost for row, cost in self.costs.items() if row.kind in kinds}

    @property
    def smallest(self) -> int:
        return self.sizes[0]

    @property
    def small(self) -> int:
        """Where lists are compared from; the smallest is for revocations alone."""
        return self.sizes[1]

    @property
    def big(self) -> int:
        """Most goals speak of a tenant of a million: that one, or the largest there is."""
        return max(size for size in self.sizes if size <= 1_000_000)

    @property
    def largest(self) -> int:
        return self.sizes[-1]

    @property
    def depth(self) -> int:
        """Of a page far down in the big tenant."""
        return self.big * 98 // 100


def sizes_up_to(rows: int) -> list[int]:
    """1,000 and 10,000 and so on, and what was asked for."""
    return [size for size in (1_000, 10_000, 100_000, 1_000_000) if size < rows] + [rows]
