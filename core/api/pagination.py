"""Lists, by page or by cursor. A page costs its ids, which an index tells, and then its few rows."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Func, IntegerField, QuerySet
from django.http import Http404
from rest_framework.response import Response

from core.access import unfiltered
from core.api import query_string
from core.api.filters import FilterSet
from core.api.throttling import a_turn_to_search
from core.api.v1 import V1ViewSet, ValidationFailed, error_item, meta
from core.cursors import MOST_PER_PAGE, PER_PAGE, InvalidCursor, Order, Position, position_of
from core.lookups import pk_in
from core.parameters import Parameters

LAST_PAGE = 2**63 - 1
PARAMETERS = ("page", "per_page", "ordering", "cursor")
# Filters that no index serves: in a large tenant, every row is looked at.
COSTLY = frozenset({"search", "last_activity_after", "last_activity_before"})

_DIGITS = 4_000  # int() itself gives up a little later
Values = Mapping[str, Any]


class ListViewSet(V1ViewSet):
    """`filterset_class` is what `list` can be filtered and sorted by; other actions have theirs in
    `filterset_classes`."""

    filterset_class: ClassVar[type[FilterSet]]
    filterset_classes: ClassVar[Mapping[str, type[FilterSet]]] = {}

    def get_filterset_class(self) -> type[FilterSet] | None:
        return self.filterset_class if self.action == "list" else self.filterset_classes.get(self.action)

    @property
    def action_filters(self) -> type[FilterSet]:
        """Those of the current action, which has some."""
        filterset_class = self.get_filterset_class()
        assert filterset_class  # noqa: S101 - an action that filters declares what by
        return filterset_class

    @property
    def parameters(self) -> Collection[str]:
        filterset_class = self.get_filterset_class()
        if filterset_class is None:
            return ()
        return {*filterset_class.base_filters, *(PARAMETERS if filterset_class.ordering_fields else ())}

    @property
    def is_limited(self) -> bool:
        return super().is_limited or not COSTLY.isdisjoint(self.parameters)

    @property
    def filters_in_query(self) -> dict[str, str]:
        """The filters that the query sets. An empty one does not filter."""
        if not self.request.META["QUERY_STRING"]:
            return {}
        names = self.action_filters.base_filters
        return {name: text for name, text in self.said(names, ignore_empty=True).items() if text.strip()}

    def get_filterset(self, queryset: QuerySet[Any]) -> FilterSet:
        """`queryset` and the filters of the query; `qs` are the rows that pass them."""
        filterset = self.action_filters(self.filters_in_query, queryset=queryset)
        errors = filterset.form.errors
        if errors:
            raise ValidationFailed(*(_flaw(name, error) for name, of_it in errors.items() for error in of_it))
        return filterset

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.get_filterset(queryset).qs

    def page(
        self,
        filters: FilterSet,
        *,
        total: Callable[[], int],
        fetch: Callable[[Any], QuerySet[Any, Any]],
        item: Callable[[Values], Values],
    ) -> Response:
        """The page that is asked for. `fetch` makes `values()` of its rows, and `item` what is shown of each."""
        bound = self.bound_to(filters.form.cleaned_data)
        place = self.place(bound)
        with self.turn():
            count, found = total(), []
            if place.after is not None or place.seen < count:
                rows = unfiltered(filters.qs).filter(pk_in(place.ids(filters.qs, count)))
                found = list(fetch(rows).order_by(*place.order.by))
        return self.shown_as_page(place, bound, count, found, item)

    def usual_page(
        self,
        rows: Callable[..., Any],
        fetch: Callable[..., Any],
        item: Callable[[Values], Values],
        *ids: UUID,
        total: Callable[..., Any] | None = None,
    ) -> Response | None:
        """The page where nothing is filtered, newest first, from the start or behind a row: by prepared statements.

        None for any other. `rows`, `fetch` and `total` are methods of this view, which make the query from `ids`.
        `total` has no row where there is nothing to list: 404.
        """
        if self.filters_in_query:
            return None
        place = self.place(bound := self.bound_to({}))
        if not place.is_usual:
            return None
        count, found = self._usual(place, rows, fetch, total, ids)
        return self.shown_as_page(place, bound, count, found, item)

    def filtered_page(
        self,
        filters: FilterSet,
        rows: Callable[..., Any],
        fetch: Callable[..., Any],
        item: Callable[[Values], Values],
        *ids: UUID,
        total: Callable[..., Any] | None = None,
    ) -> Response | None:
        """The same page of what a filter leaves: compiled once for each form of the filter.

        `rows` and `total` also take `form`: what the filter says, with stand-ins for its values.
        """
        cleaned = filters.form.cleaned_data
        place = self.place(bound := self.bound_to(cleaned))
        if not place.is_usual:
            return None
        parameters = Parameters()
        form = tuple((name, parameters.take(value)) for name, value in cleaned.items() if value not in (None, ""))
        with self.turn():
            count, found = self._usual(place, rows, fetch, total, ids, parameters=parameters, form=form)
        return self.shown_as_page(place, bound, count, found, item)

    def _usual(
        self,
        place: Position,
        rows: Callable[..., Any],
        fetch: Callable[..., Any],
        total: Callable[..., Any] | None,
        ids: tuple[UUID, ...],
        **filtered: Any,
    ) -> tuple[int, list[Any]]:
        if total:
            count = self.first_or_404(self.fetch(total, *ids, **filtered))["total"]
        else:
            counted = self.fetch(self.total_of_rows, *ids, rows=rows.__name__, **filtered)
            count = sum(row["total"] for row in counted)
        after = place.after_id
        if not after and place.seen >= count:
            return count, []
        what = {"rows": rows.__name__, "fetch": fetch.__name__, "most": place.per_page + 1, "skips": bool(after)}
        return count, self.fetch(self.page_of_rows, *ids, *([after] if after else []), **what, **filtered)

    def total_of_rows(self, *ids: UUID, rows: str, **filtered: Any) -> QuerySet[Any, Any]:
        counted = Func("pk", function="COUNT", output_field=IntegerField())
        return getattr(self, rows)(*ids, **filtered).order_by().values(total=counted)

    def page_of_rows(
        self, *ids: UUID, rows: str, fetch: str, most: int, skips: bool, **filtered: Any
    ) -> QuerySet[Any, Any]:
        of_what, behind = (ids[:-1], ids[-1]) if skips else (ids, None)
        there = getattr(self, rows)(*of_what, **filtered)
        found = there.filter(pk__lt=behind) if behind else there
        page = unfiltered(there).filter(pk_in(found.order_by("-pk").values("pk")[:most]))
        return getattr(self, fetch)(page).order_by("-pk")

    def turn(self) -> AbstractContextManager[None]:
        """A turn to search, for a list that is filtered by what no index knows."""
        is_costly = not COSTLY.isdisjoint(self.filters_in_query)
        return a_turn_to_search(self.principal.id) if is_costly else nullcontext()

    def shown_as_page(
        self, place: Position, bound: str, count: int, found: list[Any], item: Callable[[Values], Values]
    ) -> Response:
        """`found` holds one row more than the page, unless the list ends with it."""
        shown, is_last = found[: place.per_page], len(found) <= place.per_page
        count = agreed(count, place, shown, is_last=is_last)
        pagination = {
            "page": place.page,
            "per_page": place.per_page,
            "total": count,
            "total_items": count,
            "total_pages": -(-count // place.per_page),
            "next_cursor": None if is_last else place.next(shown, bound),
        }
        return Response({"data": [item(row) for row in shown], "pagination": pagination, "meta": meta(self.request)})

    def place(self, bound: str) -> Position:
        said, filters = self.said(PARAMETERS), self.action_filters
        per_page = number(said, "per_page", usual=PER_PAGE, most=MOST_PER_PAGE)
        word = said.get("ordering", filters.orderings()[0])
        if word not in filters.orderings():
            raise ValidationFailed(wrong("ordering", f"Input should be one of {', '.join(filters.orderings())}"))
        order = Order(word, filters.ordering_fields[word.removeprefix("-")])
        if not said.get("cursor"):
            page = number(said, "page", usual=1, most=LAST_PAGE)
            return Position(order, per_page, (page - 1) * per_page)
        if "page" in said:
            raise ValidationFailed(wrong("cursor", "Input should be a page or a cursor, not both"))
        try:
            return position_of(said["cursor"], order, per_page, bound)
        except InvalidCursor as error:
            message = "Input should be a next_cursor of this list, with the same filters, ordering and caller"
            raise ValidationFailed(wrong("cursor", message)) from error

    def said(self, names: Iterable[str], **options: bool) -> dict[str, str]:
        return said(self.request.META["QUERY_STRING"], set(names), **options)

    def bound_to(self, asked: Values) -> str:
        """Whom a cursor is for, and for which list."""
        me = self.principal
        said = sorted((name, value) for name, value in asked.items() if value not in (None, ""))
        return json.dumps([self.request.path_info, me.id, me.tier, me.tenant_id, me.partner_id, said], default=str)


def said(query: str, names: set[str], **options: bool) -> dict[str, str]:
    try:
        return query_string.said(query, names, **options)
    except query_string.NotText as error:
        raise ValidationFailed(wrong(error.name, "Input should be text in UTF-8")) from error


def number(said: Mapping[str, str], name: str, *, usual: int, most: int) -> int:
    text = said.get(name)
    if text is None:
        return usual
    if not re.fullmatch(r"-?[0-9]+", text):
        raise ValidationFailed(error_item(("query", name), "Input should be a valid integer", "int_parsing"))
    if text.startswith("-") or not text.strip("0"):
        raise ValidationFailed(
            error_item(("query", name), "Input should be greater than or equal to 1", "greater_than_equal")
        )
    if len(text) > _DIGITS or int(text) > most:
        raise ValidationFailed(
            error_item(("query", name), f"Input should be less than or equal to {most}", "less_than_equal")
        )
    return int(text)


def wrong(name: str, message: str) -> dict[str, Any]:
    return error_item(("query", name), message, f"value_error.{name}")


def _flaw(name: str, error: Any) -> dict[str, Any]:
    return error_item(("query", name), " ".join(error.messages), f"value_error.{error.code}")


def agreed(total: int, place: Position, shown: list[Values], *, is_last: bool) -> int:
    """The total was asked before the page. Where the page has seen the end of the list, it knows better."""
    seen = place.seen + len(shown)
    if is_last and place.after is None and (shown or not place.seen):
        return seen
    return max(total, len(shown) if is_last else len(shown) + 1)


def total_within(place: QuerySet[Any], total: Any) -> int:
    """A total, asked together with whether there is the place it speaks of; a 404 if there is none."""
    found = place.order_by().values_list(total, flat=True).first()
    if found is None:
        raise Http404
    return found
