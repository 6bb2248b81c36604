"""The report of a run: a table of the goals for the terminal, and results.md."""

from collections.abc import Iterable

from bench.examples import Kind
from bench.figures import BARE, Cost, Figures, Row
from bench.goals import evaluate, format_number, format_size

GOAL_HEADINGS = ("goal", "target", "measured", "result")
COST_HEADINGS = (
    *("route or operation", "response", "tenant size", "Python CPU", "database CPU"),
    *("statements", "rows touched", "requests/s", "rate / view set's", "result"),
)


def table(figures: Figures) -> str:
    lines = [GOAL_HEADINGS, *goals(figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(GOAL_HEADINGS))]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in ruled)


def page(figures: Figures) -> str:
    return f"""# Results of `make bench`

One run on one machine; [README.md](README.md) describes the method. Compare the ratios: absolute figures depend on the
machine.

{markdown(["machine", ""], figures.machine.items())}
## Goals

{markdown(GOAL_HEADINGS, goals(figures))}
## Requests per second

{markdown(["server", "requests/s", "ratio to the bare view"], rates(figures))}
## Cost of each route

CPU is in milliseconds per request. The result compares Python CPU with its goal and, where there is an idiomatic view
set of the same table, with that view set. The tenant size is the number of live sessions in the caller's tenant.

{markdown(COST_HEADINGS, costs(figures))}
## Idiomatic view sets

{markdown(["view set", "response", "requests/s", "Python CPU", "database CPU"], view_sets(figures))}
## Milliseconds by live sessions in the tenant

{markdown(["", *(format_size(size) for size in figures.sizes)], times(figures))}
## Cleanup jobs

{markdown(["job", "rows/s", "median batch", "longest batch"], jobs(figures))}
{markdown(["", "p99"], ((name, f"{format_number(time)} ms") for name, time in figures.p99.items()))}"""


def goals(figures: Figures) -> list[tuple[str, ...]]:
    return [(each.description, each.goal.target, each.measured, each.verdict) for each in evaluate(figures)]


def rates(figures: Figures) -> Iterable[tuple[str, ...]]:
    bare = figures.rates[BARE]
    for name, rate in sorted(figures.rates.items(), key=lambda item: -item[1]):
        yield name, f"{rate:,.0f}", f"{rate / bare:.2f}"


def costs(figures: Figures) -> Iterable[tuple[str, ...]]:
    for row, cost in figures.costs.items():
        size = format_size(row.size) if row.size else ""
        cpu = (f"{cost.python:.2f}", f"{cost.database:.2f}")
        view_set = figures.view_sets.get((row.view_set, row.kind))
        ratio = f"{cost.rate / view_set.rate:.1f}" if view_set else ""
        work = (str(cost.statements), f"{cost.rows:,}")
        result = verdict(row, cost, view_set)
        yield f"`{row.name}`", row.kind.value, size, *cpu, *work, f"{cost.rate:,.0f}", ratio, result


def verdict(row: Row, cost: Cost, view_set: Cost | None) -> str:
    """Judge one route by the bounds of the goals, so that the routes that fail a goal can be seen."""
    bounds = {Kind.ONE: 1.0, Kind.LIST: 2.0}
    if row.kind not in bounds:
        return ""
    is_met = cost.python <= bounds[row.kind]
    if view_set and row.kind is Kind.ONE:
        is_met = is_met and cost.python <= view_set.python
    if view_set and row.kind is Kind.LIST:
        is_met = is_met and cost.rate >= 2 * view_set.rate
    return "pass" if is_met else "fail"


def view_sets(figures: Figures) -> Iterable[tuple[str, ...]]:
    for (name, kind), cost in figures.view_sets.items():
        yield name, kind.value, f"{cost.rate:,.0f}", f"{cost.python:.2f}", f"{cost.database:.2f}"


def times(figures: Figures) -> Iterable[tuple[str, ...]]:
    for name, by_size in figures.times.items():
        yield name, *(format_number(by_size[size]) if size in by_size else "" for size in figures.sizes)


def jobs(figures: Figures) -> Iterable[tuple[str, ...]]:
    for name, speed in figures.speeds.items():
        median, longest = figures.batches[name]
        yield name, f"{speed:,.0f}", f"{format_number(median)} ms", f"{format_number(longest)} ms"


def markdown(headings: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    every = [list(headings), *map(list, lines)]
    ruled = [every[0], ["---"] * len(every[0]), *every[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in ruled)
