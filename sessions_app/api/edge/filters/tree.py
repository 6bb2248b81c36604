"""What a filter says, once it has been read. Whether its names and types make sense is not known yet."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """As the language calls them when two do not go together."""

    ANY = "any"
    BOOL = "bool"
    DATE = "date"
    NULL = "null"
    NUMBER = "number"
    OTHER = "other"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Moment:
    """To the microsecond, which is what the database keeps; and whether the literal went beyond that."""

    floor: datetime
    goes_on: bool = False


Value = str | bool | Moment | None


@dataclass(frozen=True, slots=True)
class Literal:
    """Of a number, the value is its text: most of what it is compared with is text."""

    kind: Kind
    value: Value
    shown: str


@dataclass(frozen=True, slots=True)
class SetFunction:
    """`anyOf(name)` and its like, as they stand where a name might; or `count(from name where ...)`."""

    shown: str
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
    """A name that stands alone."""

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
    """From `low` on, and before `high`."""

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
    descends: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """`limit` is -1 for `none`; what is None was not said."""

    where: Node = Constant(True)
    orderings: tuple[Ordering, ...] | None = None
    skip: int | None = None
    limit: int | None = None
