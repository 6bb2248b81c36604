"""Build the tree from what the grammar recognises, bottom up and without recursion, within limits of size."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lark import Token, Transformer, v_args

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
    Ordering,
    Query,
    SetFunction,
)

MAX_DEPTH, MAX_TERMS = 32, 100
_ESCAPES = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_INT64 = 2**63


class InvalidFilter(Exception):
    """A filter has a syntax error, or its names or types are wrong. The message says why, in one line."""


def check_bounds(node: Any) -> Any:
    if node.depth > MAX_DEPTH:
        raise InvalidFilter(f"it is nested more than {MAX_DEPTH} deep")
    if node.terms > MAX_TERMS:
        raise InvalidFilter(f"it has more than {MAX_TERMS} conditions")
    return node


def join(operator: str, left: Node, right: Node) -> Node:
    """Join two nodes, flattening a chain of the same operator."""
    nodes: tuple[Node, ...] = (left, right)
    depth = max(left.depth, right.depth) + 1
    if isinstance(right, Group) and right.operator == operator:
        nodes, depth = (left, *right.nodes), max(left.depth + 1, right.depth)
    return check_bounds(Group(operator, nodes, depth, left.terms + right.terms))


def normalized(token: str) -> str:
    return " ".join(token.lower().split())


def integer(number: Token, what: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", number) or not -_INT64 <= int(number[:20]) < _INT64 or len(number) > 20:
        raise InvalidFilter(f"expected integer value for {what}, but got {_shortened(number)}")
    return int(number)


def unquoted(name: str) -> str:
    """Remove the single quotes that a name may have."""
    return name.strip("'")


def number_text(token: str) -> str:
    """Format a number as the original does to compare it with text: as short as possible, without an exponent."""
    if re.fullmatch(r"-?[0-9]+", token):
        if len(token) > 20 or not -_INT64 <= int(token) < _INT64:
            raise InvalidFilter(f"{_shortened(token)} is beyond what a number can be")
        return str(int(token))
    value = float(token)
    if math.isinf(value):
        raise InvalidFilter(f"{_shortened(token)} is beyond what a number can be")
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_moment(text: str) -> Moment:
    digits = re.search(r"\.([0-9]+)", text)
    fraction = digits[1] if digits else ""
    plain = re.sub(r"\.[0-9]+", f".{fraction[:6]:0<6}", text.upper())
    try:
        value = datetime.fromisoformat(plain).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidFilter(f"{_shortened(text)} is no moment") from error
    return Moment(value, bool(fraction[6:].strip("0")))


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    def string(self, token: Token) -> Literal:
        value = re.sub(r"\\(.)", lambda value: _ESCAPES.get(value[1], value[1]), token[1:-1])
        return Literal(Kind.STRING, value, _shortened(value))

    def number(self, token: Token) -> Literal:
        text = number_text(token)
        return Literal(Kind.NUMBER, text, _shortened(text))

    def moment(self, token: Token) -> Literal:
        text = token[len("datetime(") : -1].strip()
        return Literal(Kind.DATE, parse_moment(text), text)

    def truth(self, token: Token) -> Literal:
        return Literal(Kind.BOOL, token.lower() == "true", token.lower())

    def null(self, token: Token) -> Literal:
        return Literal(Kind.NULL, None, "null")

    def constant(self, token: Token) -> Node:
        return Constant(token.lower() == "true")

    def flag(self, name: Token) -> Node:
        return Flag(unquoted(name))

    def elements(self, name: Token, query: Query | None = None) -> tuple[str, bool]:
        return unquoted(name), query is not None

    def set_of(self, function: Token, name: Token) -> SetFunction:
        return SetFunction(function.rstrip("( \t\r\n"), unquoted(name))

    def count(self, elements: tuple[str, bool]) -> SetFunction:
        return SetFunction("count", *elements)

    def is_empty(self, elements: tuple[str, bool]) -> Node:
        return Flag(SetFunction("isEmpty", *elements))

    def comparison(self, left: Left, operator: Token, right: Literal) -> Node:
        return Comparison(_left(left), normalized(operator), right)

    def membership(self, left: Left, operator: Token, *values: Literal) -> Node:
        return Membership(_left(left), values, normalized(operator) != "in")

    def between(self, left: Left, operator: Token, low: Literal, high: Literal) -> Node:
        return Between(_left(left), low, high, normalized(operator) != "between")

    def nested(self, node: Node) -> Node:
        return check_bounds(replace(node, depth=node.depth + 1))

    def negation(self, node: Node) -> Node:
        return check_bounds(Not(node, node.depth + 1, node.terms))

    def both(self, left: Node, right: Node) -> Node:
        return join("and", left, right)

    def either(self, left: Node, right: Node) -> Node:
        return join("or", left, right)

    def field(self, name: Token, direction: Token | None = None) -> Ordering:
        return Ordering(unquoted(name), direction is not None and direction.type == "DESC")

    def fields(self, *fields: Ordering) -> tuple[Ordering, ...]:
        return fields

    def sort(self, fields: tuple[Ordering, ...]) -> dict[str, Any]:
        return {"orderings": fields}

    def skip(self, number: Token) -> dict[str, Any]:
        return {"skip": integer(number, "skip")}

    def limit(self, number: Token) -> dict[str, Any]:
        return {"limit": -1 if number.type == "NONE" else integer(number, "limit")}

    def everything(self, *parts: dict[str, Any]) -> Query:
        return self.query(Constant(True), *parts)

    def query(self, where: Node, *parts: dict[str, Any]) -> Query:
        clauses = {name: value for part in parts for name, value in part.items()}
        return Query(where, **clauses)


def _left(left: Any) -> Left:
    return left if isinstance(left, SetFunction) else unquoted(left)


builder = _Builder()
