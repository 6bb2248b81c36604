"""The findings in words: a table for the terminal, a page to keep."""

from collections.abc import Iterable

from bench.examples import Kind
from bench.figures import BARE, Cost, Figures, Row
from bench.goals import judged, rows, shown

HEADINGS = ("goal", "wanted", "measured", "")
COST_HEADINGS = (
    *("route or act", "answers with", "in", "Python CPU", "database CPU"),
    *("statements", "rows touched", "requests/s", "of the view set's", ""),
)


def table(figures: Figures) -> str:
    lines = [HEADINGS, *findings(figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in ruled)


def page(figures: Figures) -> str:
    return f"""# What `make bench` measured

On one machine in one run; [README.md](README.md) says how. Read the ratios: the rest differs from machine to machine.

{markdown(["", ""], figures.machine.items())}
## Goals

{markdown(HEADINGS, findings(figures))}
## Requests a second

{markdown(["", "requests/s", "of a bare view"], rates(figures))}
## What each route costs

CPU is in milliseconds a request. A list and a thing are judged by their Python CPU and, where they have a view set
beside them, against that. *In* is the number of live sessions in the caller's tenant.

{markdown(COST_HEADINGS, costs(figures))}
## The idiomatic view sets

{markdown(["view set", "", "requests/s", "Python CPU", "database CPU"], idiomatic(figures))}
## Milliseconds, by the number of live sessions in the tenant

{markdown(["", *(rows(size) for size in figures.sizes)], times(figures))}
## The night shift

{markdown(["", "rows/s", "median batch", "longest batch"], night_shift(figures))}
{markdown(["", "p99"], ((name, f"{shown(time)} ms") for name, time in figures.p99.items()))}"""


def findings(figures: Figures) -> list[tuple[str, ...]]:
    return [(each.what, each.goal.wanted, each.measured, each.verdict) for each in judged(figures)]


def rates(figures: Figures) -> Iterable[tuple[str, ...]]:
    bare = figures.rates[BARE]
    for name, rate in sorted(figures.rates.items(), key=lambda item: -item[1]):
        yield name, f"{rate:,.0f}", f"{rate / bare:.2f}"


def costs(figures: Figures) -> Iterable[tuple[str, ...]]:
    for row, cost in figures.costs.items():
        size = rows(row.size) if row.size else ""
        cpu = (f"{cost.python:.2f}", f"{cost.database:.2f}")
        beside = figures.idiomatic.get((row.beside, row.kind))
        ratio = f"{cost.rate / beside.rate:.1f}" if beside else ""
        work = (str(cost.statements), f"{cost.rows:,}")
        yield f"`{row.name}`", row.kind.value, size, *cpu, *work, f"{cost.rate:,.0f}", ratio, verdict(row, cost, beside)


def verdict(row: Row, cost: Cost, beside: Cost | None) -> str:
    """By the same bounds as the goals, so that what falls short can be told from the rest."""
    bounds = {Kind.ONE: 1.0, Kind.LIST: 2.0}
    if row.kind not in bounds:
        return ""
    is_met = cost.python <= bounds[row.kind]
    if beside and row.kind is Kind.ONE:
        is_met = is_met and cost.python <= beside.python
    if beside and row.kind is Kind.LIST:
        is_met = is_met and cost.rate >= 2 * beside.rate
    return "pass" if is_met else "short"


def idiomatic(figures: Figures) -> Iterable[tuple[str, ...]]:
    for (name, kind), cost in figures.idiomatic.items():
        yield name, kind.value, f"{cost.rate:,.0f}", f"{cost.python:.2f}", f"{cost.database:.2f}"


def times(figures: Figures) -> Iterable[tuple[str, ...]]:
    for name, by_size in figures.times.items():
        yield name, *(shown(by_size[size]) if size in by_size else "" for size in figures.sizes)


def night_shift(figures: Figures) -> Iterable[tuple[str, ...]]:
    for name, speed in figures.speeds.items():
        median, longest = figures.batches[name]
        yield name, f"{speed:,.0f}", f"{shown(median)} ms", f"{shown(longest)} ms"


def markdown(headings: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    every = [list(headings), *map(list, lines)]
    ruled = [every[0], ["---"] * len(every[0]), *every[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in ruled)
