"""The figures that one run measures, before they are compared with the goals."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from bench.examples import Kind

BARE = "a bare Django view"
DRF_CHECK, PLAIN_CHECK = "our session check in a DRF view", "our session check in a plain view"
FULL_CHECK = "our session check in a DRF view, all middleware"
KNOX, DJANGO, USER_SESSIONS = "django-rest-knox", "Django's database sessions", "django-user-sessions"
OUR_LIST, VIEW_SET = "our list of 20", "ViewSet, ModelSerializer, numbered pages"

LIST, TOTAL, STATS = "page 1", "total", "stats"
AT_DEPTH, BY_NUMBER = "cursor page at depth", "numbered page at depth"
REVOKE_ALL, WITH_IDS = "revoke-all", "revoke-all with ids"
UPDATE = "UPDATE of every row"
BEFORE, AFTER = "page 1 before revoke-all", "page 1 after revoke-all"
SEARCH = "first page of a search for {}"
SWEEP, PURGE = "sweep", "purge"
CHECK_ALONE, CHECK_DURING_SWEEP = "session check alone", "session check during the sweep"


@dataclass(frozen=True)
class Row:
    """A route or an operation, and the size of the tenant it was measured in, if that makes a difference."""

    name: str
    kind: Kind
    view_set: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Cost:
    """Requests per second, and for one request: milliseconds of CPU, SQL statements, and rows touched."""

    rate: float
    python: float
    database: float
    statements: int = 0
    rows: int = 0

    def with_work(self, statements: int, rows: int) -> "Cost":
        return replace(self, statements=statements, rows=rows)


@dataclass
class Figures:
    """Rates in requests per second, times in milliseconds by tenant size, and speeds in rows per second."""

    sizes: list[int]
    rates: dict[str, float] = field(default_factory=dict)
    times: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    speeds: dict[str, float] = field(default_factory=dict)
    batches: dict[str, tuple[float, float]] = field(default_factory=dict)  # median and longest, in milliseconds
    costs: dict[Row, Cost] = field(default_factory=dict)
    view_sets: dict[tuple[str, Kind], Cost] = field(default_factory=dict)  # the idiomatic ones, by name
    p99: dict[str, float] = field(default_factory=dict)  # of a session check, in milliseconds
    machine: dict[str, Any] = field(default_factory=dict)

    def of_kind(self, *kinds: Kind) -> dict[Row, Cost]:
        return {row: cost for row, cost in self.costs.items() if row.kind in kinds}

    @property
    def smallest(self) -> int:
        return self.sizes[0]

    @property
    def small(self) -> int:
        """Return the size that lists are compared from; the smallest tenant is only for revocations."""
        return self.sizes[1]

    @property
    def big(self) -> int:
        """Return a million, which most goals are about, or the largest size if that is smaller."""
        return max(size for size in self.sizes if size <= 1_000_000)

    @property
    def largest(self) -> int:
        return self.sizes[-1]

    @property
    def depth(self) -> int:
        """Return the number of rows before a page near the end of the big tenant's list."""
        return self.big * 98 // 100


def sizes_up_to(rows: int) -> list[int]:
    """Return the powers of ten from 1,000 to 1,000,000 that are less than `rows`, and `rows` itself."""
    return [size for size in (1_000, 10_000, 100_000, 1_000_000) if size < rows] + [rows]
