"""Turn a filter's tree into a condition on rows, or refuse it because of its names or types."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, assert_never

from django.db.models import Q

from sessions_app.api.edge.filters import handles
from sessions_app.api.edge.filters.logic import Condition, all_of, any_of, negate
from sessions_app.api.edge.filters.symbols import (
    Boolean,
    Date,
    EmptySetElements,
    FixedValue,
    Handle,
    Null,
    Symbol,
    Symbols,
    Tags,
    Text,
)
from sessions_app.api.edge.filters.transformer import InvalidFilter
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
# Compared with null, only negative operators are true; the language has no third truth value.
TRUE_OF_NULL = ("!=", "not contains")


def condition_of(node: Node, symbols: Symbols) -> Condition:
    match node:
        case Constant():
            return node.value
        case Not():
            return negate(condition_of(node.node, symbols))
        case Group():
            combine = all_of if node.operator == "and" else any_of
            return combine([condition_of(each, symbols) for each in node.nodes])
        case Flag():
            return _flag(node, symbols.resolve(node.left))
        case Comparison():
            return _comparison(node, symbols.resolve(node.left))
        case Membership():
            return _membership(node, symbols.resolve(node.left))
        case Between():
            return _between(node, symbols.resolve(node.left))
        case _:
            assert_never(node)


def _flag(node: Flag, symbol: Symbol) -> Condition:
    match symbol:
        case Null(Kind.ANY):
            return False
        case Boolean():
            return symbol.condition
        case FixedValue(bool(value)):
            return value
        case _:
            raise InvalidFilter(f"expression {_source(node.left)} is of type {symbol.kind}, not bool")


def _comparison(node: Comparison, symbol: Symbol) -> Condition:
    operator, right = node.operator, node.right
    is_null = right.kind is Kind.NULL and operator in EQUALITY
    if not is_null and not _is_comparable(symbol, operator, right.kind):
        operation = f"operation {_source(node.left)} {operator} {right.source}"
        raise InvalidFilter(f"{operation} is not supported with operands types {symbol.kind}, {right.kind}")
    match symbol, right.value:
        case EmptySetElements(answer), _:
            return answer
        case _, None:
            return isinstance(symbol, Null) == (operator == "=")
        case Null(), _:
            return operator in TRUE_OF_NULL
        case Boolean(condition), bool(value):
            return condition if value == (operator == "=") else ~condition
        case Date(column), Moment() as moment:
            return _datetime_condition(column, operator, moment)
        case FixedValue(str(fixed)), str(text):
            return _compare_fixed(fixed, operator, text)
        case FixedValue(bool(fixed)), bool(value):
            return (fixed == value) == (operator == "=")
        case FixedValue(int(fixed)), str(number):
            return _compare_fixed(fixed, operator, Decimal(number))
        case ((Handle() | Text()), str(text)):
            return _text_condition(symbol, operator, text)
        case _:
            raise InvalidFilter(f"{_source(node.left)} cannot be compared")


def _is_comparable(symbol: Symbol, operator: str, right: Kind) -> bool:
    """Whether the types of a symbol and a literal can be compared. Numbers can be compared with text, as text."""
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


def _text_condition(symbol: Handle | Text, operator: str, text: str) -> Condition:
    """Compare text that differs from row to row."""
    if operator.startswith("not "):
        return negate(_text_condition(symbol, operator.removeprefix("not "), text))
    if "contains" in operator:
        return _containing(symbol, text if operator == "contains" else fold_case(text))
    if isinstance(symbol, Handle):
        return handles.compare(symbol.prefix, symbol.column, operator, text)
    if operator in EQUALITY:
        is_equal = symbol.equals([text])
        return is_equal if operator == "=" else negate(is_equal)
    return Q(**{f"{symbol.column}__{ORDER[operator]}": text})


def _containing(symbol: Handle | Text, text: str) -> Condition:
    if not text:
        return True
    if isinstance(symbol, Handle):
        return handles.contains(symbol.prefix, symbol.column, text)
    return Q(**{f"{symbol.column}__contains": text})


def fold_case(text: str) -> str:
    """Fold case as the original does: two letters are equal if their capitals are."""
    return "".join(_fold_letter(letter) for letter in text)


def _fold_letter(letter: str) -> str:
    capital = letter.upper()
    if len(capital) != 1:
        return letter
    return capital.lower() if capital.lower().upper() == capital else capital


def _compare_fixed(fixed: Any, operator: str, value: Any) -> bool:
    """Compare a value that is the same for every row."""
    match operator.removeprefix("not "):
        case "=":
            result = fixed == value
        case "!=":
            result = fixed != value
        case "<":
            result = fixed < value
        case "<=":
            result = fixed <= value
        case ">":
            result = fixed > value
        case ">=":
            result = fixed >= value
        case "contains":
            result = value in fixed
        case _:
            result = fold_case(value) in fold_case(fixed)
    return result != operator.startswith("not ")


def _datetime_condition(column: str, operator: str, moment: Moment) -> Condition:
    """Compare dates. A literal between two microseconds equals no row, since rows hold whole microseconds."""
    if operator in EQUALITY:
        is_equal = False if moment.is_truncated else Q(**{column: moment.floor})
        return is_equal if operator == "=" else negate(is_equal)
    if moment.is_truncated:
        operator = {"<": "<=", ">=": ">"}.get(operator, operator)
    return Q(**{f"{column}__{ORDER[operator]}": moment.floor})


def _membership(node: Membership, symbol: Symbol) -> Condition:
    right = node.values[0].kind
    is_comparable = right in TEXTS if symbol.kind is Kind.STRING else right is symbol.kind
    if symbol.kind is not Kind.ANY and (not is_comparable or isinstance(symbol, Boolean | Tags)):
        values_text = ", ".join(each.source for each in node.values[:3])
        operation = f"operation {_source(node.left)} in [{values_text}{', ...' if len(node.values) > 3 else ''}]"
        raise InvalidFilter(f"{operation} is not supported with operands types {symbol.kind}, {right}")
    match symbol:
        case Null():
            return False
        case EmptySetElements(answer):
            return answer
        case _:
            is_member = _in(symbol, node.values)
            return negate(is_member) if node.negated else is_member


def _in(symbol: Symbol, values: Sequence[Literal]) -> Condition:
    texts = [each.value for each in values if isinstance(each.value, str)]
    match symbol:
        case Date(column):
            moments = [each.value for each in values if isinstance(each.value, Moment)]
            return any_of(_datetime_condition(column, "=", moment) for moment in moments)
        case Handle(prefix, column):
            return handles.is_among(prefix, column, texts)
        case Text():
            return symbol.equals(texts)
        case FixedValue(str(fixed)):
            return fixed in texts
        case FixedValue(int(fixed)):
            return any(Decimal(text) == fixed for text in texts)
        case _:
            return False


def _between(node: Between, symbol: Symbol) -> Condition:
    match symbol, node.low.value, node.high.value:
        case Null(Kind.ANY), _, _:
            return False
        case Date(column), Moment() as low, Moment() as high:
            is_between = all_of([_datetime_condition(column, ">=", low), _datetime_condition(column, "<", high)])
        case FixedValue(int(fixed)), str(low), str(high) if symbol.kind is Kind.NUMBER:
            is_between = Decimal(low) <= fixed < Decimal(high)
        case _:
            types = f"{symbol.kind}, {node.low.kind}, {node.high.kind}"
            raise InvalidFilter(f"operation between is not supported with operands types {types}")
    return negate(is_between) if node.negated else is_between


def _source(left: Left) -> str:
    return f"{left.source}({left.symbol})" if isinstance(left, SetFunction) else left
