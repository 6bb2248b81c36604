"""What a filter's tree means: which rows it keeps, and what it may not say."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, assert_never

from django.db.models import Q

from sessions_app.api.edge.filters import handles
from sessions_app.api.edge.filters.logic import Condition, all_of, any_of, inverse
from sessions_app.api.edge.filters.symbols import (
    Date,
    Elements,
    Handle,
    Null,
    Same,
    Symbol,
    Symbols,
    Tags,
    Text,
    Truth,
)
from sessions_app.api.edge.filters.transformer import WrongFilter
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


def condition_of(node: Node, symbols: Symbols) -> Condition:
    match node:
        case Constant():
            return node.value
        case Not():
            return inverse(condition_of(node.node, symbols))
        case Group():
            join = all_of if node.operator == "and" else any_of
            return join([condition_of(each, symbols) for each in node.nodes])
        case Flag():
            return _flag(node, symbols.at(node.left))
        case Comparison():
            return _compared(node, symbols.at(node.left))
        case Membership():
            return _among(node, symbols.at(node.left))
        case Between():
            return _between(node, symbols.at(node.left))
        case _:
            assert_never(node)


def _flag(node: Flag, symbol: Symbol) -> Condition:
    match symbol:
        case Null(Kind.ANY):
            return False
        case Truth():
            return symbol.condition
        case Same(bool(value)):
            return value
        case _:
            raise WrongFilter(f"expression {_shown(node.left)} is of type {symbol.kind}, not bool")


def _compared(node: Comparison, symbol: Symbol) -> Condition:
    operator, right = node.operator, node.right
    is_null = right.kind is Kind.NULL and operator in EQUALITY
    if not is_null and not _goes_with(symbol, operator, right.kind):
        what = f"operation {_shown(node.left)} {operator} {right.shown}"
        raise WrongFilter(f"{what} is not supported with operands types {symbol.kind}, {right.kind}")
    match symbol, right.value:
        case Elements(answer), _:
            return answer
        case _, None:
            return isinstance(symbol, Null) == (operator == "=")
        case Null(), _:
            return operator in TRUE_OF_NULL
        case Truth(condition), bool(value):
            return condition if value == (operator == "=") else ~condition
        case Date(column), Moment() as moment:
            return _dated(column, operator, moment)
        case Same(str(same)), str(text):
            return _holds(same, operator, text)
        case Same(bool(same)), bool(value):
            return (same == value) == (operator == "=")
        case Same(int(same)), str(number):
            return _holds(same, operator, Decimal(number))
        case ((Handle() | Text()), str(text)):
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


def _written(symbol: Handle | Text, operator: str, text: str) -> Condition:
    """Text, of which a row has its own."""
    if operator.startswith("not "):
        return inverse(_written(symbol, operator.removeprefix("not "), text))
    if "contains" in operator:
        return _containing(symbol, text if operator == "contains" else small(text))
    if isinstance(symbol, Handle):
        return handles.compared(symbol.prefix, symbol.column, operator, text)
    if operator in EQUALITY:
        is_it = symbol.equals([text])
        return is_it if operator == "=" else inverse(is_it)
    return Q(**{f"{symbol.column}__{ORDER[operator]}": text})


def _containing(symbol: Handle | Text, text: str) -> Condition:
    if not text:
        return True
    if isinstance(symbol, Handle):
        return handles.containing(symbol.prefix, symbol.column, text)
    return Q(**{f"{symbol.column}__contains": text})


def small(text: str) -> str:
    """The small letters of which the capitals are those of `text`, letter by letter: case is folded by capitals."""
    return "".join(_small_letter(letter) for letter in text)


def _small_letter(letter: str) -> str:
    capital = letter.upper()
    if len(capital) != 1:
        return letter
    return capital.lower() if capital.lower().upper() == capital else capital


def _holds(same: Any, operator: str, value: Any) -> bool:
    """The same of a value that is known beforehand."""
    match operator.removeprefix("not "):
        case "=":
            found = same == value
        case "!=":
            found = same != value
        case "<":
            found = same < value
        case "<=":
            found = same <= value
        case ">":
            found = same > value
        case ">=":
            found = same >= value
        case "contains":
            found = value in same
        case _:
            found = small(value) in small(same)
    return found != operator.startswith("not ")


def _dated(column: str, operator: str, moment: Moment) -> Condition:
    """A moment between two microseconds is no row's own, and rows lie on either side of it."""
    if operator in EQUALITY:
        found = False if moment.goes_on else Q(**{column: moment.floor})
        return found if operator == "=" else inverse(found)
    if moment.goes_on:
        operator = {"<": "<=", ">=": ">"}.get(operator, operator)
    return Q(**{f"{column}__{ORDER[operator]}": moment.floor})


def _among(node: Membership, symbol: Symbol) -> Condition:
    right = node.values[0].kind
    is_right = right in TEXTS if symbol.kind is Kind.STRING else right is symbol.kind
    if symbol.kind is not Kind.ANY and (not is_right or isinstance(symbol, Truth | Tags)):
        listed = ", ".join(each.shown for each in node.values[:3])
        what = f"operation {_shown(node.left)} in [{listed}{', ...' if len(node.values) > 3 else ''}]"
        raise WrongFilter(f"{what} is not supported with operands types {symbol.kind}, {right}")
    match symbol:
        case Null():
            return False
        case Elements(answer):
            return answer
        case _:
            found = _in(symbol, node.values)
            return inverse(found) if node.negated else found


def _in(symbol: Symbol, values: Sequence[Literal]) -> Condition:
    texts = [each.value for each in values if isinstance(each.value, str)]
    match symbol:
        case Date(column):
            moments = [each.value for each in values if isinstance(each.value, Moment)]
            return any_of(_dated(column, "=", moment) for moment in moments)
        case Handle(prefix, column):
            return handles.among(prefix, column, texts)
        case Text():
            return symbol.equals(texts)
        case Same(str(same)):
            return same in texts
        case Same(int(same)):
            return any(Decimal(text) == same for text in texts)
        case _:
            return False


def _between(node: Between, symbol: Symbol) -> Condition:
    match symbol, node.low.value, node.high.value:
        case Null(Kind.ANY), _, _:
            return False
        case Date(column), Moment() as low, Moment() as high:
            found = all_of([_dated(column, ">=", low), _dated(column, "<", high)])
        case Same(int(same)), str(low), str(high) if symbol.kind is Kind.NUMBER:
            found = Decimal(low) <= same < Decimal(high)
        case _:
            types = f"{symbol.kind}, {node.low.kind}, {node.high.kind}"
            raise WrongFilter(f"operation between is not supported with operands types {types}")
    return inverse(found) if node.negated else found


def _shown(left: Left) -> str:
    return f"{left.shown}({left.symbol})" if isinstance(left, SetFunction) else left
