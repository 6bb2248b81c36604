"""In what order: by public names, and at last by id, so that no two sessions change places between two pages."""

from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.expressions import OrderBy

from sessions_app.api.edge.filters.building import WrongFilter
from sessions_app.api.edge.filters.symbols import ADDRESS, Date, Handle, Same, Tag, Tags, Truth, symbol_at
from sessions_app.api.edge.filters.tree import Ordering

MOST_FIELDS = 5


def ordered_by(orderings: tuple[Ordering, ...]) -> list[OrderBy]:
    """Fields beyond the fifth are passed over, and so is everything behind the id. Nothing here is ever null."""
    columns = [(_column(each.symbol), each.descends) for each in orderings]
    used = [OrderBy(column, descending=descends) for column, descends in columns[:MOST_FIELDS] if column is not None]
    return [*used, OrderBy(F("id"))]


def _column(name: str) -> Any:
    """None where every session has the same."""
    symbol = symbol_at(name)
    match symbol:
        case Handle() | Date():
            return F(symbol.column)
        case Truth():
            return Case(When(symbol.condition, then=Value(True)), default=Value(False))
        case Same():
            return None
        case Tag() | Tags():
            raise WrongFilter(f"symbol '{name}' cannot be sorted by")
        case _:
            return F(ADDRESS)
