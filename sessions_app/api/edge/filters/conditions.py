"""What a filter's tree means: which rows it keeps, and what it may not say."""

import ipaddress
from collections.abc import Sequence
from typing import assert_never

from django.db.models import Q

from sessions_app.api.edge.filters import handles
from sessions_app.api.edge.filters.building import WrongFilter
from sessions_app.api.edge.filters.folding import Condition, all_of, any_of, inverse
from sessions_app.api.edge.filters.symbols import (
    ADDRESS,
    Date,
    Handle,
    Same,
    Symbol,
    Tag,
    Tags,
    Truth,
    symbol_at,
)
from sessions_app.api.edge.filters.tree import (
    Between,
    Comparison,
    Constant,
    Flag,
    Group,
    Kind,
    Left,
    Literal,
    Membership,
    Moment,
    Node,
    Not,
    SetFunction,
)

EQUALITY = ("=", "!=")
ORDER = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
TEXTS = (Kind.STRING, Kind.NUMBER)
# Of something that is null, only what denies is true; the rest of the language has no third answer.
TRUE_OF_NULL = ("!=", "not contains")


def condition_of(node: Node) -> Condition:
    match node:
        case Constant():
            return node.value
        case Not():
            return inverse(condition_of(node.node))
        case Group():
            join = all_of if node.operator == "and" else any_of
            return join([condition_of(each) for each in node.nodes])
        case Flag():
            return _flag(node)
        case Comparison():
            return _compared(node)
        case Membership():
            return _among(node)
        case Between():
            return _between(node)
        case _:
            assert_never(node)


def _flag(node: Flag) -> Condition:
    symbol = symbol_at(node.left)
    match symbol:
        case Tag():
            return False
        case Truth():
            return symbol.condition
        case Same(bool(value)):
            return value
        case _:
            raise WrongFilter(f"expression {_shown(node.left)} is of type {symbol.kind}, not bool")


def _compared(node: Comparison) -> Condition:
    symbol, operator, right = symbol_at(node.left), node.operator, node.right
    if right.kind is Kind.NULL and operator in EQUALITY:
        return isinstance(symbol, Tag) == (operator == "=")
    if not _goes_with(symbol, operator, right.kind):
        what = f"operation {_shown(node.left)} {operator} {right.shown}"
        raise WrongFilter(f"{what} is not supported with operands types {symbol.kind}, {right.kind}")
    match symbol, right.value:
        case Tag(), _:
            return operator in TRUE_OF_NULL
        case Truth(condition), bool(value):
            return condition if value == (operator == "=") else ~condition
        case Date(column), Moment() as moment:
            return _dated(column, operator, moment)
        case Same(str(same)), str(text):
            return _holds(same, operator, text)
        case Same(bool(same)), bool(value):
            return (same == value) == (operator == "=")
        case _, str(text):
            return _written(symbol, operator, text)
        case _:
            raise WrongFilter(f"{_shown(node.left)} cannot be compared")


def _goes_with(symbol: Symbol, operator: str, right: Kind) -> bool:
    """Text with text, and numbers as text; moments with moments; truth is or is not."""
    kind = right if symbol.kind is Kind.ANY and "contains" not in operator else symbol.kind
    match kind:
        case Kind.STRING | Kind.ANY:
            return right in TEXTS
        case Kind.NUMBER:
            return right is Kind.NUMBER and "contains" not in operator
        case Kind.DATE:
            return right is Kind.DATE and "contains" not in operator
        case Kind.BOOL:
            return right is Kind.BOOL and operator in EQUALITY
        case _:
            return False


def _written(symbol: Symbol, operator: str, text: str) -> Condition:
    """Text, of which a session has its own."""
    if operator.startswith("not "):
        return inverse(_written(symbol, operator.removeprefix("not "), text))
    if "contains" in operator:
        return _containing(symbol, text if operator == "contains" else _small(text))
    if isinstance(symbol, Handle):
        return handles.compared(symbol.prefix, symbol.column, operator, text)
    if operator in EQUALITY:
        is_it = _addressed([text])
        return is_it if operator == "=" else inverse(is_it)
    return Q(**{f"{ADDRESS}__{ORDER[operator]}": text})


def _containing(symbol: Symbol, text: str | None) -> Condition:
    if not text:
        return text is not None
    if isinstance(symbol, Handle):
        return handles.containing(symbol.prefix, symbol.column, text)
    return Q(**{f"{ADDRESS}__contains": text}) if text.isascii() else False


def _small(text: str) -> str | None:
    """Both sides are raised to capitals, letter by letter; what is compared is ASCII, and in small letters."""
    raised = "".join(capital if len(capital := letter.upper()) == 1 else letter for letter in text)
    return raised.lower() if raised.isascii() else None


def _holds(same: str, operator: str, text: str) -> bool:
    """The same, of what is known beforehand."""
    match operator.removeprefix("not "):
        case "=":
            found = same == text
        case "!=":
            found = same != text
        case "<":
            found = same < text
        case "<=":
            found = same <= text
        case ">":
            found = same > text
        case ">=":
            found = same >= text
        case "contains":
            found = text in same
        case _:
            small = _small(text)
            found = small is not None and small in same
    return found != operator.startswith("not ")


def _dated(column: str, operator: str, moment: Moment) -> Condition:
    """A moment between two microseconds is no row's own, and rows lie on either side of it."""
    if operator in EQUALITY:
        found = False if moment.goes_on else Q(**{column: moment.floor})
        return found if operator == "=" else inverse(found)
    if moment.goes_on:
        operator = {"<": "<=", ">=": ">"}.get(operator, operator)
    return Q(**{f"{column}__{ORDER[operator]}": moment.floor})


def _addressed(texts: list[str]) -> Condition:
    """By the address's index, and then by how it is written: ::1 has many spellings and is shown in one."""
    there: list[Condition] = [Q(ip_address=None)] if "" in texts else []
    addresses = [text for text in texts if _is_address(text)]
    if addresses:
        there.append(Q(ip_address__in=addresses, **{f"{ADDRESS}__in": addresses}))
    return any_of(there)


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text)) and "%" not in text
    except ValueError:
        return False


def _among(node: Membership) -> Condition:
    symbol, right = symbol_at(node.left), node.values[0].kind
    is_right = right in TEXTS if symbol.kind is Kind.STRING else right is symbol.kind
    if isinstance(symbol, Tag):
        return False
    if not is_right or isinstance(symbol, Truth | Tags):
        listed = ", ".join(each.shown for each in node.values[:3])
        what = f"operation {_shown(node.left)} in [{listed}{', ...' if len(node.values) > 3 else ''}]"
        raise WrongFilter(f"{what} is not supported with operands types {symbol.kind}, {right}")
    found = _in(symbol, node.values)
    return inverse(found) if node.negated else found


def _in(symbol: Symbol, values: Sequence[Literal]) -> Condition:
    if isinstance(symbol, Date):
        moments = [each.value for each in values if isinstance(each.value, Moment)]
        return any_of(_dated(symbol.column, "=", moment) for moment in moments)
    texts = [each.value for each in values if isinstance(each.value, str)]
    if isinstance(symbol, Handle):
        return handles.among(symbol.prefix, symbol.column, texts)
    return symbol.value in texts if isinstance(symbol, Same) else _addressed(texts)


def _between(node: Between) -> Condition:
    symbol, low, high = symbol_at(node.left), node.low, node.high
    if isinstance(symbol, Tag):
        return False
    if not isinstance(symbol, Date) or not isinstance(low.value, Moment) or not isinstance(high.value, Moment):
        types = f"{symbol.kind}, {low.kind}, {high.kind}"
        raise WrongFilter(f"operation between is not supported with operands types {types}")
    found = all_of([_dated(symbol.column, ">=", low.value), _dated(symbol.column, "<", high.value)])
    return inverse(found) if node.negated else found


def _shown(left: Left) -> str:
    return f"{left.shown}({left.symbol})" if isinstance(left, SetFunction) else left
