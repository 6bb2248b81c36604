"""The names that a filter may use: the type of each, and where its value is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from core.ids import Prefix
from sessions_app.api.edge.filters.logic import Condition
from sessions_app.api.edge.filters.transformer import WrongFilter
from sessions_app.api.edge.filters.tree import Kind, Left, SetFunction

TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Handle:
    """An id, which is text outside and a UUID in the column."""

    prefix: Prefix
    column: str
    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Text:
    """Text in small letters. `column` compares it byte by byte, `equals` finds it by an index."""

    column: str
    equals: Callable[[list[str]], Condition]
    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Date:
    column: str
    kind = Kind.DATE


@dataclass(frozen=True, slots=True)
class Truth:
    condition: Q
    kind = Kind.BOOL


@dataclass(frozen=True, slots=True)
class Same:
    """A value that every row has alike."""

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
    """A value that no row has. Of tags, no type is known."""

    kind: Kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Tags:
    """All tags together: an empty map, which is not null and compares with nothing."""

    kind = Kind.OTHER


@dataclass(frozen=True, slots=True)
class EmptySet:
    """A set of strings that has no elements in any row; only functions over sets can use it."""

    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of an empty set: whatever is asked, it is true of all of them and of none."""

    answer: bool
    kind = Kind.STRING


Symbol = Handle | Text | Date | Truth | Same | Null | Tags | EmptySet | Elements


@dataclass(frozen=True)
class Symbols:
    """The public names of one kind of resource. `added` are the columns that a query needs in order to use them."""

    by_name: Mapping[str, Symbol]
    added: Mapping[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    def at(self, left: Left) -> Symbol:
        name = left.symbol if isinstance(left, SetFunction) else left
        symbol = Null(Kind.ANY) if name.startswith(f"{TAGS}.") else self.by_name.get(name)
        if symbol is None:
            raise WrongFilter(f"unknown symbol '{name}'")
        if isinstance(left, SetFunction):
            return _applied(left, symbol)
        if isinstance(symbol, EmptySet):
            raise WrongFilter(f"{name} is a set: ask anyOf({name}), allOf({name}), count({name}) or isEmpty({name})")
        return symbol


def _applied(function: SetFunction, symbol: Symbol) -> Symbol:
    if not isinstance(symbol, EmptySet):
        raise WrongFilter(f"{function.shown}({function.symbol}) is not possible: {function.symbol} is not a set")
    if function.has_query:
        raise WrongFilter(f"{function.symbol} has no elements that a query could be asked of")
    match function.shown.lower():
        case "count":
            return Same(0)
        case "isempty":
            return Same(True)
        case _:
            return Elements(function.shown.lower() == "allof")
