"""Parse the filter, the order and the page of a list. The filter's own clauses override the query parameters."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models.expressions import OrderBy

from core.api import query_string
from sessions_app.api.edge.filters import (
    Condition,
    InvalidFilter,
    Symbols,
    condition_of,
    order_by,
    parse_orderings,
    parse_query,
)
from sessions_app.api.edge.wire.errors import Code, EdgeError, RequestError, invalid_field

DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET = 10, 500, 100_000
ALL = -1
NO_LIMIT = 2**63 - 1  # the value that responses report for `limit none`
MAX_UNLIMITED = 10_000  # rows of a list without a limit
NUMBERS = ("limit", "offset")
PARAMETERS = {*NUMBERS, "filter", "sort"}


@dataclass(frozen=True, slots=True)
class Page:
    condition: Condition
    order_by: list[OrderBy]
    limit: int
    offset: int

    @property
    def max_rows(self) -> int:
        return MAX_UNLIMITED if self.is_endless else self.limit

    @property
    def is_endless(self) -> bool:
        return self.limit == NO_LIMIT

    def check_total(self, matching: int) -> None:
        """Refuse a list without a limit that has too many rows."""
        if matching - self.offset > MAX_UNLIMITED:
            reason = f"more than {MAX_UNLIMITED} match, which is the most at once: page with limit and offset"
            raise RequestError(EdgeError(Code.INVALID_PAGINATION, reason))

    def as_json(self, total: int) -> dict[str, int]:
        return {"limit": self.limit, "offset": self.offset, "totalCount": total}


def parse_page(text: str, symbols: Symbols) -> Page:
    try:
        parameters = query_string.parse(text, PARAMETERS)
    except query_string.NotText as error:
        raise invalid_field(error.name, f"{error.name} in query must be text in UTF-8") from error
    numbers = {name: _number(name, parameters.get(name, "")) for name in NUMBERS}
    with invalid_filter_as(Code.INVALID_FILTER):
        query = parse_query(parameters.get("filter", ""))
        where, by = condition_of(query.where, symbols), order_by(query.orderings or (), symbols)
    if query.orderings is None and parameters.get("sort"):
        with invalid_filter_as(Code.INVALID_SORT_IDENTIFIER):
            by = order_by(parse_orderings(parameters["sort"]), symbols)
    limit = numbers["limit"] if query.limit is None else query.limit
    offset = numbers["offset"] if query.skip is None else query.skip
    return Page(where, by, _limit(limit), min(max(offset or 0, 0), MAX_OFFSET))


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    digits = text.lstrip("+-").lstrip("0")
    if not re.fullmatch(r"[+-]?[0-9]+", text) or len(digits) > 19 or not -NO_LIMIT - 1 <= int(text) <= NO_LIMIT:
        raise invalid_field(name, f"{name} in query must be of type int64", value=text[:40])
    return int(text)


def _limit(limit: int | None) -> int:
    match limit:
        case None:
            return DEFAULT_LIMIT
        case -1:
            return NO_LIMIT
        case _:
            return min(limit, MAX_LIMIT) if limit > 0 else DEFAULT_LIMIT


@contextmanager
def invalid_filter_as(code: Code) -> Iterator[None]:
    try:
        yield
    except InvalidFilter as error:
        raise RequestError(EdgeError(code, str(error))) from error
