"""What one run measured, before anybody judges it."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

BARE, DRF_CHECK, PLAIN_CHECK = "a bare Django view", "our check, in a DRF view", "our check, in a plain view"
SHIPPED_CHECK = "our check, in a DRF view, as shipped"
KNOX, DJANGO, USER_SESSIONS = "django-rest-knox", "Django's database sessions", "django-user-sessions"
OUR_LIST, VIEWSET = "our list of 20", "ViewSet, ModelSerializer, numbered pages"

LIST, AT_DEPTH, BY_NUMBER, TOTAL, STATS = "page 1", "cursor page, deep down", "numbered page there", "total", "stats"
REVOKE_ALL, WITH_IDS = "revoke-all", "revoke-all, ids listed"
UPDATE = "UPDATE of the rows"
BEFORE, AFTERWARDS = "page 1 before revoke-all", "page 1 right after"
SWEEP, PURGE = "sweep", "purge"


@dataclass
class Figures:
    """Rates are requests a second, times milliseconds by the number of live sessions, speeds rows a second."""

    sizes: list[int]
    rates: dict[str, float] = field(default_factory=dict)
    times: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    speeds: dict[str, float] = field(default_factory=dict)
    batches: dict[str, tuple[float, float]] = field(default_factory=dict)  # the median one, the longest one
    machine: dict[str, Any] = field(default_factory=dict)

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
