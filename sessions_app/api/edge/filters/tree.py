"""The parsed form of a filter, before its names and types are checked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The types of the language, as error messages call them."""

    ANY = "any"
    BOOL = "bool"
    DATE = "date"
    NULL = "null"
    NUMBER = "number"
    OTHER = "other"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Moment:
    """A date to the microsecond, as the database stores it, and whether the literal was more precise."""

    floor: datetime
    is_truncated: bool = False


Value = str | bool | Moment | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal. The value of a number is its text, since most fields are text."""

    kind: Kind
    value: Value
    source: str


@dataclass(frozen=True, slots=True)
class SetFunction:
    """`anyOf(name)`, `allOf(name)`, `isEmpty(name)`, or `count(from name where ...)`, used in the place of a name."""

    source: str
    symbol: str
    has_query: bool = False


Left = str | SetFunction


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool
    depth: int = 1
    terms: int = 1


@dataclass(frozen=True, slots=True)
class Flag:
    """A name without an operator, which must be a boolean."""

    left: Left
    depth: int = 1
    terms: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Left
    operator: str
    right: Literal
    depth: int = 1
    terms: int = 1


@dataclass(frozen=True, slots=True)
class Membership:
    left: Left
    values: tuple[Literal, ...]
    negated: bool
    depth: int = 1
    terms: int = 1


@dataclass(frozen=True, slots=True)
class Between:
    """At least `low` and less than `high`."""

    left: Left
    low: Literal
    high: Literal
    negated: bool
    depth: int = 1
    terms: int = 1


@dataclass(frozen=True, slots=True)
class Not:
    node: "Node"
    depth: int
    terms: int


@dataclass(frozen=True, slots=True)
class Group:
    """All of these, or any of them."""

    operator: str
    nodes: tuple["Node", ...]
    depth: int
    terms: int


Node = Constant | Flag | Comparison | Membership | Between | Not | Group


@dataclass(frozen=True, slots=True)
class Ordering:
    symbol: str
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole filter. A clause that is missing is None; `limit none` is -1."""

    where: Node = Constant(True)
    orderings: tuple[Ordering, ...] | None = None
    skip: int | None = None
    limit: int | None = None
