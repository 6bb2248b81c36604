"""Positions in a list: a page number, or a cursor after the last row of the previous page."""

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
PER_PAGE, MAX_PER_PAGE = 20, 100
PLANNED = (PER_PAGE, MAX_PER_PAGE)


class InvalidCursor(Exception):
    """A cursor was not issued here, or not for this list."""


@dataclass(frozen=True, slots=True)
class Order:
    """A public ordering and its columns. The last column is unique, so that the order is total."""

    name: str
    columns: tuple[str, ...]

    @property
    def is_descending(self) -> bool:
        return self.name.startswith("-")

    @property
    def ordering(self) -> list[str]:
        return [f"-{column}" if self.is_descending else column for column in self.columns]

    def after_key(self, key: list[str]) -> Q:
        """Return the condition for rows after a key in this order."""
        lookup = "lt" if self.is_descending else "gt"
        condition = Q()
        for number, column in enumerate(self.columns):
            equal = dict(zip(self.columns[:number], key[:number], strict=True))
            condition |= Q(**equal, **{f"{column}__{lookup}": key[number]})
        return condition


@dataclass(frozen=True, slots=True)
class Position:
    """The position after `seen` rows, the last of which has the key `after`, if it is known."""

    order: Order
    per_page: int
    seen: int
    after: list[str] | None = None

    @property
    def page(self) -> int:
        return self.seen // self.per_page + 1

    @property
    def is_prepared(self) -> bool:
        """Whether there is a prepared statement: newest first, without an offset, and one of two lengths.

        More lengths would fill the memory of connections, which keep every statement that they have planned.
        """
        skips_rows = self.seen and self.after is None
        return self.order.ordering == ["-id"] and not skips_rows and self.per_page in PLANNED

    @property
    def after_id(self) -> UUID | None:
        return UUID(self.after[0]) if self.after else None

    def ids(self, rows: QuerySet[Any], total: int) -> QuerySet[Any]:
        """Select the ids of this page, and one more if there is one.

        Newest first, a page in the second half is counted from the end, which new rows do not move.
        """
        ordered, limit = rows.order_by(*self.order.ordering).values("pk"), self.per_page + 1
        if self.after is not None:
            return ordered.filter(self.order.after_key(self.after))[:limit]
        remaining = total - self.seen
        if remaining >= self.seen or self.order.ordering != ["-id"]:
            return ordered[self.seen : self.seen + limit]
        return ordered.reverse()[max(0, remaining - limit) : remaining]

    def next(self, rows: list[Mapping[str, Any]], binding: str) -> str:
        """Return the cursor of the next page. It is encrypted, so it can be neither read nor forged."""
        key = [str(rows[-1][column]) for column in self.order.columns]
        payload = [_digest(binding, self.order.name), self.seen + len(rows), key]
        return seal(json.dumps(payload).encode(), purpose=PURPOSE).decode().rstrip("=")


def position_of(cursor: str, order: Order, per_page: int, binding: str) -> Position:
    try:
        digest, seen, after = json.loads(unseal(_as_sealed(cursor), purpose=PURPOSE))
    except (SecretUnreadable, ValueError) as error:
        raise InvalidCursor from error
    if digest != _digest(binding, order.name):
        raise InvalidCursor
    return Position(order, per_page, seen, after)


def _as_sealed(cursor: str) -> bytes:
    """Decode a cursor strictly, since lenient base64 would accept several spellings of one cursor."""
    padded = cursor.encode() + b"=" * (-len(cursor) % 4)
    if "=" in cursor or base64.urlsafe_b64encode(base64.urlsafe_b64decode(padded)) != padded:
        raise ValueError(cursor)
    return padded


def _digest(*parts: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
