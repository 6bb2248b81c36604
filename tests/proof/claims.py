"""A claim: how often it is tried, and the result. `make test` tries each a few times, `make proof` in full."""

import os
from collections.abc import Iterable, Iterator
from math import ceil
from typing import Any

FIGURES = os.environ.get("CURFEW_FIGURES", "reduced")  # or "once", or "full"
FULL = FIGURES == "full"
_PROPERTY = "claim"
_HEAD = ("claim", "asked", "seen", "in detail", "seconds")


class Claim:
    def __init__(self, name: str, *, full: int, reduced: int, once: int | None, properties: list[Any]) -> None:
        self.asked = {"full": full, "reduced": reduced, "once": once or ceil(reduced / 10)}[FIGURES]
        # A plain list, because workers send it to their controller; it tells of a failure too.
        self._line: list[Any] = [name, self.asked, 0, ""]
        properties.append((_PROPERTY, self._line))

    def saw(self, times: int, remark: str = "") -> None:
        self._line[2:] = [times, remark]


def table(reports: Iterable[Any]) -> Iterator[str]:
    """One line for each claim that the tests' reports carry, under a heading."""
    rows = [_HEAD, *(row for report in reports for row in _rows(report))]
    if len(rows) == 1:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        cells = (cell.rjust(w) if is_number(cell) else cell.ljust(w) for cell, w in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _rows(report: Any) -> Iterator[tuple[str, ...]]:
    for name, line in report.user_properties:
        if name == _PROPERTY:
            claim, asked, seen, remark = line
            verdict = "" if report.passed else "BROKEN "
            yield f"{verdict}{claim}", f"{asked:,}", f"{seen:,}", remark, f"{report.duration:.1f}"


def is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").isdigit()
