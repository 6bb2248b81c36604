"""Which part of the list is asked for: by the query's parameters, and by the filter, whose word is the last."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models.expressions import OrderBy

from core.api import query_string
from sessions_app.api.edge.filters import (
    Condition,
    Symbols,
    WrongFilter,
    condition_of,
    ordered_by,
    orderings_in,
    query_in,
)
from sessions_app.api.edge.wire.errors import Code, Failure, Told, wrong_field

USUAL, MOST, FURTHEST = 10, 500, 100_000
ALL = -1
LARGEST = 2**63 - 1  # what `limit` reads when there is none
MOST_AT_ONCE = 10_000  # when there is none
NUMBERS = ("limit", "offset")
PARAMETERS = {*NUMBERS, "filter", "sort"}


@dataclass(frozen=True, slots=True)
class Page:
    where: Condition
    by: list[OrderBy]
    limit: int
    offset: int

    @property
    def most(self) -> int:
        return MOST_AT_ONCE if self.is_endless else self.limit

    @property
    def is_endless(self) -> bool:
        return self.limit == LARGEST

    def must_hold(self, matching: int) -> None:
        """All at once is only for lists that are not too long for it."""
        if matching - self.offset > MOST_AT_ONCE:
            why = f"more than {MOST_AT_ONCE} match, which is the most at once: page with limit and offset"
            raise Failure(Told(Code.INVALID_PAGINATION, why))

    def shown(self, total: int) -> dict[str, int]:
        return {"limit": self.limit, "offset": self.offset, "totalCount": total}


def page_in(query: str, symbols: Symbols) -> Page:
    try:
        said = query_string.said(query, PARAMETERS)
    except query_string.NotText as error:
        raise wrong_field(error.name, f"{error.name} in query must be text in UTF-8") from error
    numbers = {name: _number(name, said.get(name, "")) for name in NUMBERS}
    with understood_or(Code.INVALID_FILTER):
        asked = query_in(said.get("filter", ""))
        where, by = condition_of(asked.where, symbols), ordered_by(asked.orderings or (), symbols)
    if asked.orderings is None and said.get("sort"):
        with understood_or(Code.INVALID_SORT_IDENTIFIER):
            by = ordered_by(orderings_in(said["sort"]), symbols)
    limit = numbers["limit"] if asked.limit is None else asked.limit
    offset = numbers["offset"] if asked.skip is None else asked.skip
    return Page(where, by, _limit(limit), min(max(offset or 0, 0), FURTHEST))


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    digits = text.lstrip("+-").lstrip("0")
    if not re.fullmatch(r"[+-]?[0-9]+", text) or len(digits) > 19 or not -LARGEST - 1 <= int(text) <= LARGEST:
        raise wrong_field(name, f"{name} in query must be of type int64", value=text[:40])
    return int(text)


def _limit(limit: int | None) -> int:
    match limit:
        case None:
            return USUAL
        case -1:
            return LARGEST
        case _:
            return min(limit, MOST) if limit > 0 else USUAL


@contextmanager
def understood_or(code: Code) -> Iterator[None]:
    try:
        yield
    except WrongFilter as error:
        raise Failure(Told(code, str(error))) from error
