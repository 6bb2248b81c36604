"""The activity of the last day and the last week, as bars that a page can draw without a script."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sessions_app.reads.dashboard import ActivityKind

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = {
    ActivityKind.SIGN_INS: "Sign-ins",
    ActivityKind.FAILED: "Failed sign-ins",
    ActivityKind.REVOCATIONS: "Revocations",
}
STEP, HIGH = 10, 40  # of the drawing, in its own units
Course = Mapping[tuple[datetime, ActivityKind], int]


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    n: int
    x: int
    height: float

    @property
    def y(self) -> float:
        return HIGH - self.height


@dataclass(frozen=True, slots=True)
class Chart:
    what: ActivityKind
    bars: Sequence[Bar]

    @property
    def name(self) -> str:
        return NAMES[self.what]

    @property
    def total(self) -> int:
        return sum(bar.n for bar in self.bars)

    @property
    def highest(self) -> Bar:
        return max(self.bars, key=lambda bar: bar.n)

    @property
    def box(self) -> str:
        return f"0 0 {len(self.bars) * STEP} {HIGH}"


@dataclass(frozen=True, slots=True)
class Span:
    title: str
    charts: Sequence[Chart]

    @property
    def lines(self) -> list[tuple[str, list[int]]]:
        """The same as numbers."""
        together = zip(*(chart.bars for chart in self.charts), strict=True)
        return [(bars[0].label, [bar.n for bar in bars]) for bars in together]


def first_of_week(now: datetime) -> datetime:
    """Today and the six days before it."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - 6 * DAY


def spans(course: Course, now: datetime) -> list[Span]:
    hour, today = now.replace(minute=0, second=0, microsecond=0), first_of_week(now) + 6 * DAY
    hours = {hour - ago * HOUR: f"{hour - ago * HOUR:%H:%M}" for ago in reversed(range(24))}
    days = {today - ago * DAY: f"{today - ago * DAY:%a %-d %b}" for ago in reversed(range(7))}
    by_day: Counter[tuple[datetime, ActivityKind]] = Counter()
    for (at, what), n in course.items():
        by_day[at.replace(hour=0), what] += n
    return [
        Span("The last 24 hours, hour by hour (UTC)", [_chart(course, what, hours) for what in ActivityKind]),
        Span("The last 7 days, day by day (UTC)", [_chart(by_day, what, days) for what in ActivityKind]),
    ]


def _chart(course: Course, what: ActivityKind, labels: Mapping[datetime, str]) -> Chart:
    numbers = [course.get((at, what), 0) for at in labels]
    most = max([*numbers, 1])
    rows = enumerate(zip(labels.values(), numbers, strict=True))
    return Chart(what, [Bar(label, n, at * STEP, round(HIGH * n / most, 1)) for at, (label, n) in rows])
