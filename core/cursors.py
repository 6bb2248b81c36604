"""Where in a list somebody is: on a page, or behind the last row they saw."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from core.crypto import SecretUnreadable, seal, unseal

PURPOSE = "list cursor"
PER_PAGE, MOST_PER_PAGE = 20, 100
PLANNED = (PER_PAGE, MOST_PER_PAGE)


class InvalidCursor(Exception):
    """A cursor that was not made here, or not for this list."""


@dataclass(frozen=True, slots=True)
class Order:
    """A word, and the columns it stands for. The last of them is unique, so that every row has one place."""

    word: str
    columns: tuple[str, ...]

    @property
    def is_descending(self) -> bool:
        return self.word.startswith("-")

    @property
    def by(self) -> list[str]:
        return [f"-{column}" if self.is_descending else column for column in self.columns]

    def behind(self, key: list[str]) -> Q:
        """Rows whose first column that differs from the key's is less, or more, as the order is."""
        lookup = "lt" if self.is_descending else "gt"
        found = Q()
        for number, column in enumerate(self.columns):
            equal = dict(zip(self.columns[:number], key[:number], strict=True))
            found |= Q(**equal, **{f"{column}__{lookup}": key[number]})
        return found


@dataclass(frozen=True, slots=True)
class Position:
    """Behind `seen` rows, the last of which has the key `after`, if it is known."""

    order: Order
    per_page: int
    seen: int
    after: list[str] | None = None

    @property
    def page(self) -> int:
        return self.seen // self.per_page + 1

    @property
    def is_usual(self) -> bool:
        """Newest first, from the start or behind a row, and one of two lengths: statements of any other length would
        fill up the memory of a connection, which keeps each that it has planned."""
        is_in_the_middle = self.seen and self.after is None
        return self.order.by == ["-id"] and not is_in_the_middle and self.per_page in PLANNED

    @property
    def after_id(self) -> UUID | None:
        return UUID(self.after[0]) if self.after else None

    def ids(self, rows: QuerySet[Any], total: int) -> QuerySet[Any]:
        """Of this page's rows, and of one more if there is one.

        Newest first, a page beyond the middle is found from the end: what comes in meanwhile comes in at the front.
        """
        ordered, wanted = rows.order_by(*self.order.by).values("pk"), self.per_page + 1
        if self.after is not None:
            return ordered.filter(self.order.behind(self.after))[:wanted]
        left = total - self.seen
        if left >= self.seen or self.order.by != ["-id"]:
            return ordered[self.seen : self.seen + wanted]
        return ordered.reverse()[max(0, left - wanted) : left]

    def next(self, shown: list[Mapping[str, Any]], bound: str) -> str:
        """A cursor to what follows. Sealed: it tells nobody what the key looks like, and nobody can make one up."""
        key = [str(shown[-1][column]) for column in self.order.columns]
        told = [_digest(bound, self.order.word), self.seen + len(shown), key]
        return seal(json.dumps(told).encode(), purpose=PURPOSE).decode().rstrip("=")


def position_of(cursor: str, order: Order, per_page: int, bound: str) -> Position:
    try:
        good_for, seen, after = json.loads(unseal(_as_sealed(cursor), purpose=PURPOSE))
    except (SecretUnreadable, ValueError) as error:
        raise InvalidCursor from error
    if good_for != _digest(bound, order.word):
        raise InvalidCursor
    return Position(order, per_page, seen, after)


def _as_sealed(cursor: str) -> bytes:
    """To the letter: base64 is read leniently, and there is one spelling of what we hand out."""
    padded = cursor.encode() + b"=" * (-len(cursor) % 4)
    if "=" in cursor or base64.urlsafe_b64encode(base64.urlsafe_b64decode(padded)) != padded:
        raise ValueError(cursor)
    return padded


def _digest(*parts: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
