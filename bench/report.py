"""The findings in words: a table for the terminal, a page to keep."""

from collections.abc import Iterable

from bench.figures import BARE, Figures
from bench.goals import judged, rows, shown

HEADINGS = ("goal", "wanted", "measured", "")


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
## Milliseconds, by the number of live sessions in the tenant

{markdown(["", *(rows(size) for size in figures.sizes)], times(figures))}
## The night shift

{markdown(["", "rows/s", "median batch", "longest batch"], night_shift(figures))}"""


def findings(figures: Figures) -> list[tuple[str, ...]]:
    return [(each.what, each.goal.wanted, each.measured, each.verdict) for each in judged(figures)]


def rates(figures: Figures) -> Iterable[tuple[str, ...]]:
    bare = figures.rates[BARE]
    for name, rate in sorted(figures.rates.items(), key=lambda item: -item[1]):
        yield name, f"{rate:,.0f}", f"{rate / bare:.2f}"


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
