"""In what order: by public names, and at last by id, so that no two rows change places between two pages."""

from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.expressions import OrderBy

from sessions_app.api.edge.filters.symbols import Date, Handle, Null, Same, Symbols, Text, Truth
from sessions_app.api.edge.filters.transformer import WrongFilter
from sessions_app.api.edge.filters.tree import Kind, Ordering

MOST_FIELDS = 5


def ordered_by(orderings: tuple[Ordering, ...], symbols: Symbols) -> list[OrderBy]:
    """Fields beyond the fifth are passed over, and so is everything behind the id."""
    columns = [(_column(each.symbol, symbols), each.descends) for each in orderings]
    used = [OrderBy(column, descending=descends) for column, descends in columns[:MOST_FIELDS] if column is not None]
    return [*used, OrderBy(F("id"))]


def _column(name: str, symbols: Symbols) -> Any:
    """None where every row has the same."""
    symbol = symbols.at(name)
    match symbol:
        case Handle() | Date() | Text():
            return F(symbol.column)
        case Truth():
            return Case(When(symbol.condition, then=Value(True)), default=Value(False))
        case Same() | Null(Kind.STRING):
            return None
        case _:
            raise WrongFilter(f"symbol '{name}' cannot be sorted by")
