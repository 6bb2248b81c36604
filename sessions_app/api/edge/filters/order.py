"""Sort by public field names, and finally by id, so that pages are stable."""

from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.expressions import OrderBy

from sessions_app.api.edge.filters.symbols import Boolean, Date, FixedValue, Handle, Null, Symbols, Text
from sessions_app.api.edge.filters.transformer import InvalidFilter
from sessions_app.api.edge.filters.tree import Kind, Ordering

MAX_FIELDS = 5


def order_by(orderings: tuple[Ordering, ...], symbols: Symbols) -> list[OrderBy]:
    """Sort by at most five fields; further ones are ignored, as in the original."""
    columns = [(_column(each.symbol, symbols), each.is_descending) for each in orderings]
    used = [
        OrderBy(column, descending=is_descending)
        for column, is_descending in columns[:MAX_FIELDS]
        if column is not None
    ]
    return [*used, OrderBy(F("id"))]


def _column(name: str, symbols: Symbols) -> Any:
    """Return the column to sort by, or None if every row has the same value."""
    symbol = symbols.resolve(name)
    match symbol:
        case Handle() | Date() | Text():
            return F(symbol.column)
        case Boolean():
            return Case(When(symbol.condition, then=Value(True)), default=Value(False))
        case FixedValue() | Null(Kind.STRING):
            return None
        case _:
            raise InvalidFilter(f"symbol '{name}' cannot be sorted by")
