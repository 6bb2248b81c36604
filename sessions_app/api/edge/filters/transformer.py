"""From what the grammar has recognised to the tree, bottom up and without recursion; what goes too far stops here."""

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

DEEPEST, MOST_TERMS = 32, 100
_ESCAPES = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_INT64 = 2**63


class WrongFilter(Exception):
    """It cannot be read, or makes no sense; why, in one line."""


def bounded(node: Any) -> Any:
    if node.depth > DEEPEST:
        raise WrongFilter(f"it is nested more than {DEEPEST} deep")
    if node.terms > MOST_TERMS:
        raise WrongFilter(f"it has more than {MOST_TERMS} conditions")
    return node


def joined(operator: str, left: Node, right: Node) -> Node:
    """Of one kind in a row, all stand side by side."""
    nodes: tuple[Node, ...] = (left, right)
    depth = max(left.depth, right.depth) + 1
    if isinstance(right, Group) and right.operator == operator:
        nodes, depth = (left, *right.nodes), max(left.depth + 1, right.depth)
    return bounded(Group(operator, nodes, depth, left.terms + right.terms))


def words(token: str) -> str:
    return " ".join(token.lower().split())


def whole(number: Token, what: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", number) or not -_INT64 <= int(number[:20]) < _INT64 or len(number) > 20:
        raise WrongFilter(f"expected integer value for {what}, but got {_brief(number)}")
    return int(number)


def bare(name: str) -> str:
    """In single quotes it is a name all the same."""
    return name.strip("'")


def number_text(token: str) -> str:
    """How the original writes it when it is compared with text: shortest, and without an exponent."""
    if re.fullmatch(r"-?[0-9]+", token):
        if len(token) > 20 or not -_INT64 <= int(token) < _INT64:
            raise WrongFilter(f"{_brief(token)} is beyond what a number can be")
        return str(int(token))
    value = float(token)
    if math.isinf(value):
        raise WrongFilter(f"{_brief(token)} is beyond what a number can be")
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment_in(text: str) -> Moment:
    digits = re.search(r"\.([0-9]+)", text)
    fraction = digits[1] if digits else ""
    plain = re.sub(r"\.[0-9]+", f".{fraction[:6]:0<6}", text.upper())
    try:
        found = datetime.fromisoformat(plain).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongFilter(f"{_brief(text)} is no moment") from error
    return Moment(found, bool(fraction[6:].strip("0")))


def _brief(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    def string(self, token: Token) -> Literal:
        value = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token[1:-1])
        return Literal(Kind.STRING, value, _brief(value))

    def number(self, token: Token) -> Literal:
        text = number_text(token)
        return Literal(Kind.NUMBER, text, _brief(text))

    def moment(self, token: Token) -> Literal:
        text = token[len("datetime(") : -1].strip()
        return Literal(Kind.DATE, moment_in(text), text)

    def truth(self, token: Token) -> Literal:
        return Literal(Kind.BOOL, token.lower() == "true", token.lower())

    def null(self, token: Token) -> Literal:
        return Literal(Kind.NULL, None, "null")

    def constant(self, token: Token) -> Node:
        return Constant(token.lower() == "true")

    def flag(self, name: Token) -> Node:
        return Flag(bare(name))

    def elements(self, name: Token, query: Query | None = None) -> tuple[str, bool]:
        return bare(name), query is not None

    def set_of(self, function: Token, name: Token) -> SetFunction:
        return SetFunction(function.rstrip("( \t\r\n"), bare(name))

    def count(self, elements: tuple[str, bool]) -> SetFunction:
        return SetFunction("count", *elements)

    def is_empty(self, elements: tuple[str, bool]) -> Node:
        return Flag(SetFunction("isEmpty", *elements))

    def comparison(self, left: Left, operator: Token, right: Literal) -> Node:
        return Comparison(_named(left), words(operator), right)

    def membership(self, left: Left, operator: Token, *values: Literal) -> Node:
        return Membership(_named(left), values, words(operator) != "in")

    def between(self, left: Left, operator: Token, low: Literal, high: Literal) -> Node:
        return Between(_named(left), low, high, words(operator) != "between")

    def nested(self, node: Node) -> Node:
        return bounded(replace(node, depth=node.depth + 1))

    def negation(self, node: Node) -> Node:
        return bounded(Not(node, node.depth + 1, node.terms))

    def both(self, left: Node, right: Node) -> Node:
        return joined("and", left, right)

    def either(self, left: Node, right: Node) -> Node:
        return joined("or", left, right)

    def field(self, name: Token, direction: Token | None = None) -> Ordering:
        return Ordering(bare(name), direction is not None and direction.type == "DESC")

    def fields(self, *fields: Ordering) -> tuple[Ordering, ...]:
        return fields

    def sort(self, fields: tuple[Ordering, ...]) -> dict[str, Any]:
        return {"orderings": fields}

    def skip(self, number: Token) -> dict[str, Any]:
        return {"skip": whole(number, "skip")}

    def limit(self, number: Token) -> dict[str, Any]:
        return {"limit": -1 if number.type == "NONE" else whole(number, "limit")}

    def everything(self, *parts: dict[str, Any]) -> Query:
        return self.query(Constant(True), *parts)

    def query(self, where: Node, *parts: dict[str, Any]) -> Query:
        said = {name: value for part in parts for name, value in part.items()}
        return Query(where, **said)


def _named(left: Any) -> Left:
    return left if isinstance(left, SetFunction) else bare(left)


builder = _Builder()
