"""v1's pagination: pages by number or by cursor, in its envelope."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import Principal, unfiltered
from core.api import query_string
from core.api.filters import FilterSet
from core.api.v1 import ValidationFailed, error_item, meta
from core.cursors import MAX_PER_PAGE, PER_PAGE, InvalidCursor, Order, Position, position_of
from core.lookups import pk_in

LAST_PAGE = 2**63 - 1
PARAMETERS = ("page", "per_page", "ordering", "cursor")

_DIGITS = 4_000  # int() has a limit slightly above this
Values = Mapping[str, Any]


class PageOrCursorPagination(BasePagination):
    """A page of a list, read by its ids from an index and then by its few rows.

    `read` parses the requested position, before any query; `cut` takes the rows at that position. `paginate_queryset`
    also reads these from a queryset: `fetch` makes `values()` of a page, and `total` counts the whole list.
    """

    request: Request
    position: Position
    total: int
    next_cursor: str | None

    def read(self, request: Request, filters: type[FilterSet], values: Values) -> Position:
        """Parse the position. `values` are the filters, since a cursor is valid for one caller and one list only."""
        self.request, self.binding = request, cursor_binding(request, values)
        self.position = self._position(query_values(request.META["QUERY_STRING"], PARAMETERS), filters)
        return self.position

    def paginate_queryset(  # type: ignore[override]  # the total often comes from a counter
        self,
        queryset: QuerySet[Any],
        request: Request,
        view: Any = None,
        *,
        total: Callable[[], int],
        fetch: Callable[[Any], QuerySet[Any, Any]],
    ) -> list[Any]:
        position, count, rows = self.position, total(), []
        if position.after is not None or position.seen < count:
            page = unfiltered(queryset).filter(pk_in(position.ids(queryset, count)))
            rows = list(fetch(page).order_by(*position.order.ordering))
        return self.cut(rows, count)

    def cut(self, rows: list[Any], total: int) -> list[Any]:
        """Return the rows of the page. `rows` holds one more if there is a next page."""
        page, is_last = rows[: self.position.per_page], len(rows) <= self.position.per_page
        self.total = reconcile_total(total, self.position, page, is_last=is_last)
        self.next_cursor = None if is_last else self.position.next(page, self.binding)
        return page

    def get_paginated_response(self, data: Any) -> Response:
        pagination = {
            "page": self.position.page,
            "per_page": self.position.per_page,
            "total": self.total,
            "total_items": self.total,
            "total_pages": -(-self.total // self.position.per_page),
            "next_cursor": self.next_cursor,
        }
        return Response({"data": data, "pagination": pagination, "meta": meta(self.request)})

    def _position(self, values: Mapping[str, str], filters: type[FilterSet]) -> Position:
        per_page = number(values, "per_page", default=PER_PAGE, maximum=MAX_PER_PAGE)
        ordering, orderings = values.get("ordering", filters.orderings()[0]), filters.orderings()
        if ordering not in orderings:
            raise ValidationFailed(wrong("ordering", f"Input should be one of {', '.join(orderings)}"))
        order = Order(ordering, filters.ordering_fields[ordering.removeprefix("-")])
        if not values.get("cursor"):
            page = number(values, "page", default=1, maximum=LAST_PAGE)
            return Position(order, per_page, (page - 1) * per_page)
        if "page" in values:
            raise ValidationFailed(wrong("cursor", "Input should be a page or a cursor, not both"))
        try:
            return position_of(values["cursor"], order, per_page, self.binding)
        except InvalidCursor as error:
            message = "Input should be a next_cursor of this list, with the same filters, ordering and caller"
            raise ValidationFailed(wrong("cursor", message)) from error


def cursor_binding(request: Request, values: Values) -> str:
    """Return what a cursor is valid for: the caller, the list and its filters."""
    me: Principal = request.auth  # type: ignore[assignment]  # no list is public
    filters = sorted((name, value) for name, value in values.items() if value not in (None, ""))
    return json.dumps([request.path_info, me.id, me.tier, me.tenant_id, me.partner_id, filters], default=str)


def query_values(query: str, names: Iterable[str], **options: bool) -> dict[str, str]:
    try:
        return query_string.parse(query, set(names), **options)
    except query_string.NotText as error:
        raise ValidationFailed(wrong(error.name, "Input should be text in UTF-8")) from error


def number(values: Mapping[str, str], name: str, *, default: int, maximum: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]+", text):
        raise ValidationFailed(error_item(("query", name), "Input should be a valid integer", "int_parsing"))
    if text.startswith("-") or not text.strip("0"):
        raise ValidationFailed(
            error_item(("query", name), "Input should be greater than or equal to 1", "greater_than_equal")
        )
    if len(text) > _DIGITS or int(text) > maximum:
        raise ValidationFailed(
            error_item(("query", name), f"Input should be less than or equal to {maximum}", "less_than_equal")
        )
    return int(text)


def wrong(name: str, message: str) -> dict[str, Any]:
    return error_item(("query", name), message, f"value_error.{name}")


def reconcile_total(total: int, position: Position, rows: list[Values], *, is_last: bool) -> int:
    """Correct a total that was counted before the page was read, if the page shows another length."""
    seen = position.seen + len(rows)
    if is_last and position.after is None and (rows or not position.seen):
        return seen
    return max(total, len(rows) if is_last else len(rows) + 1)


def total_or_404(parent: QuerySet[Any], total: Any) -> int:
    """Return a total together with whether its parent exists, in one query; otherwise 404."""
    count = parent.order_by().values_list(total, flat=True).first()
    if count is None:
        raise Http404
    return count
