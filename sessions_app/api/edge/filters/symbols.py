"""The names that a filter can use, with the type of each and the column that holds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from core.ids import Prefix
from sessions_app.api.edge.filters.logic import Condition
from sessions_app.api.edge.filters.transformer import InvalidFilter
from sessions_app.api.edge.filters.tree import Kind, Left, SetFunction

TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Handle:
    """A public id: text for clients, a UUID in the column."""

    prefix: Prefix
    column: str
    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Text:
    """Lower-case text. `column` compares it byte by byte, `equals` uses an index."""

    column: str
    equals: Callable[[list[str]], Condition]
    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Date:
    column: str
    kind = Kind.DATE


@dataclass(frozen=True, slots=True)
class Boolean:
    condition: Q
    kind = Kind.BOOL


@dataclass(frozen=True, slots=True)
class FixedValue:
    """A value that is the same for every row."""

    value: str | bool | int

    @property
    def kind(self) -> Kind:
        match self.value:
            case bool():
                return Kind.BOOL
            case int():
                return Kind.NUMBER
            case _:
                return Kind.STRING


@dataclass(frozen=True, slots=True)
class Null:
    """A value that is null in every row. The type of a tag is unknown."""

    kind: Kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Tags:
    """All tags together: an empty map, which is not null and cannot be compared."""

    kind = Kind.OTHER


@dataclass(frozen=True, slots=True)
class EmptySet:
    """A set of strings that has no elements in any row; only functions over sets can use it."""

    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class EmptySetElements:
    """The elements of an empty set: any comparison is true for `allOf` and false for `anyOf`."""

    answer: bool
    kind = Kind.STRING


Symbol = Handle | Text | Date | Boolean | FixedValue | Null | Tags | EmptySet | EmptySetElements


@dataclass(frozen=True)
class Symbols:
    """The fields of one kind of resource, and the annotations that a query needs to use them."""

    by_name: Mapping[str, Symbol]
    annotations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    def resolve(self, left: Left) -> Symbol:
        name = left.symbol if isinstance(left, SetFunction) else left
        symbol = Null(Kind.ANY) if name.startswith(f"{TAGS}.") else self.by_name.get(name)
        if symbol is None:
            raise InvalidFilter(f"unknown symbol '{name}'")
        if isinstance(left, SetFunction):
            return _apply(left, symbol)
        if isinstance(symbol, EmptySet):
            raise InvalidFilter(f"{name} is a set: ask anyOf({name}), allOf({name}), count({name}) or isEmpty({name})")
        return symbol


def _apply(function: SetFunction, symbol: Symbol) -> Symbol:
    if not isinstance(symbol, EmptySet):
        raise InvalidFilter(f"{function.source}({function.symbol}) is not possible: {function.symbol} is not a set")
    if function.has_query:
        raise InvalidFilter(f"{function.symbol} has no elements that a query could be asked of")
    match function.source.lower():
        case "count":
            return FixedValue(0)
        case "isempty":
            return FixedValue(True)
        case _:
            return EmptySetElements(function.source.lower() == "allof")
