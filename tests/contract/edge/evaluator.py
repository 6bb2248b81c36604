"""A second implementation of the filter language, over rows in memory.
// A filter is a tree of tuples. The module also writes it as text, so that the product's parser is compared with the
intended meaning. It was written without reference to the product's implementation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Expression = tuple[Any, ...]


@dataclass(frozen=True)
class Names:
    """The public names of one kind of resource, by what can be asked of them."""

    handles: tuple[str, ...]
    texts: tuple[str, ...]
    dates: tuple[str, ...]
    flags: tuple[str, ...]
    constants: tuple[tuple[str, bool], ...] = ()  # conditions that are the same of every row

    @property
    def strings(self) -> tuple[str, ...]:
        return (*self.handles, *self.texts)

    @property
    def sortable(self) -> tuple[str, ...]:
        return (*self.strings, *self.dates, *self.flags)


API_SESSIONS = Names(
    handles=("id", "token", "identity"),
    texts=("ipAddress", "authenticator"),
    dates=("createdAt", "updatedAt", "lastActivityAt"),
    flags=("isSystem", "mfaComplete", "mfaRequired", "improperClientCertChain"),
)
IDENTITIES = Names(
    handles=("id",),
    texts=("name", "type", "authPolicyId"),
    dates=("createdAt", "updatedAt"),
    flags=("isSystem", "isAdmin", "isDefaultAdmin"),
    constants=(
        ('anyOf(roleAttributes) = "x"', False),
        ('anyOf(roleAttributes) != "x"', False),
        ('ANYOF(roleAttributes) not in ["x"]', False),
        ('allOf(roleAttributes) contains "x"', True),
        ('allOf(roleAttributes) not contains "x"', True),
        ("isEmpty(roleAttributes)", True),
        ("count(roleAttributes) = 0", True),
        ("count(roleAttributes) > 0", False),
        ("count(roleAttributes) in [0, 1]", True),
        ("count(roleAttributes) between -1 and 0", False),
        ("externalId = null", True),
        ('externalId != "x"', True),
        ('externalId = "x"', False),
        ('externalId not in ["x"]', False),
    ),
)


def written(expression: Expression) -> str:
    """As text. `and`, `or` and `not` take everything behind them, so nothing but `group` is in parentheses."""
    match expression:
        case ("constant", value):
            return "true" if value else "false"
        case ("settled", text, _):
            return text
        case ("flag", name):
            return name
        case ("group", inner):
            return f"({written(inner)})"
        case ("not", inner):
            return f"not {written(inner)}"
        case (("and" | "or") as word, left, right):
            return f"{written(left)} {word} {written(right)}"
        case ("in" | "not in" as word, name, values):
            return f"{name} {word} [{', '.join(text for text, _ in values)}]"
        case ("between" | "not between" as word, name, (low, _), (high, _)):
            return f"{name} {word} {low} and {high}"
        case (operator, name, (text, _)):
            return f"{name} {operator} {text}"
    raise AssertionError(expression)


def holds(expression: Expression, row: Row) -> bool:
    match expression:
        case ("constant", value) | ("settled", _, value):
            return value
        case ("flag", name):
            return row.get(name) is True
        case ("group", inner):
            return holds(inner, row)
        case ("not", inner):
            return not holds(inner, row)
        case ("and", left, right):
            return holds(left, row) and holds(right, row)
        case ("or", left, right):
            return holds(left, row) or holds(right, row)
        case ("in" | "not in" as word, name, values):
            mine = value_of(row, name)
            return mine is not None and (word == "in") == any(mine == key(value) for _, value in values)
        case ("between" | "not between" as word, name, (_, low), (_, high)):
            mine = value_of(row, name)
            return mine is not None and (word == "between") == (low <= mine < high)
        case (operator, name, (_, value)):
            return compared(operator, value_of(row, name), None if value is None else key(value))
    raise AssertionError(expression)


def compared(operator: str, mine: Any, value: Any) -> bool:
    if value is None:
        return (mine is None) == (operator == "=")
    if mine is None:
        return operator in ("!=", "not contains")
    return COMPARE[operator](mine, value)


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda mine, value: mine == value,
    "!=": lambda mine, value: mine != value,
    "<": lambda mine, value: mine < value,
    "<=": lambda mine, value: mine <= value,
    ">": lambda mine, value: mine > value,
    ">=": lambda mine, value: mine >= value,
    "contains": lambda mine, value: value in mine,
    "not contains": lambda mine, value: value not in mine,
    "icontains": lambda mine, value: raised(value) in raised(mine),
    "not icontains": lambda mine, value: raised(value) not in raised(mine),
}


def raised(text: bytes) -> bytes:
    """In capitals, letter by letter: one becomes one."""
    letters = ((letter, letter.upper()) for letter in text.decode())
    return "".join(capital if len(capital) == 1 else letter for letter, capital in letters).encode()


def value_of(row: Row, name: str) -> Any:
    """Null where there is no such thing: of tags, that is, which no row has."""
    return None if name.startswith("tags.") else key(row[name])


def key(value: Any) -> Any:
    """Text is compared by its bytes; moments are numbers of nanoseconds."""
    return value.encode() if isinstance(value, str) else value


def in_order(rows: list[Row], fields: list[tuple[str, bool]]) -> list[Row]:
    """By the first five fields, and at last by id."""
    found = sorted(rows, key=lambda row: key(row["id"]))
    for name, descends in reversed(fields[:5]):
        found.sort(key=lambda row, name=name: key(row[name]), reverse=descends)
    return found


def part(rows: list[Row], limit: int | None, offset: int | None) -> list[Row]:
    first = min(max(offset or 0, 0), 100_000)
    if limit == -1:
        return rows[first:]
    at_most = 10 if limit is None or limit == 0 or limit < -1 else min(limit, 500)
    return rows[first : first + at_most]
