"""View sets whose actions answer with lists."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Func, IntegerField, QuerySet
from rest_framework.response import Response

from core.access import unfiltered
from core.api.filters import FilterSet
from core.api.pagination import PARAMETERS, PageOrCursorPagination, Values, query_values
from core.api.throttling import search_limit
from core.api.v1 import V1ViewSet, ValidationFailed, error_item
from core.cursors import Position
from core.lookups import pk_in
from core.parameters import Parameters

# Filters without an index, which scan every row of a tenant.
COSTLY = frozenset({"search", "last_activity_after", "last_activity_before"})

Represent = Callable[[Values], Values]


class ListViewSet(V1ViewSet):
    """Lists that are filtered, sorted and paged.

    - `filterset_class` is what `list` can be filtered and sorted by; other actions have theirs in `filterset_classes`.
    - `page_response` answers with any page of a filtered queryset.
    - `prepared_page_response` and `prepared_filtered_page_response` answer with the first page, or with one behind a
      cursor, newest first, by statements that are compiled once; and with None to any other request.
    """

    pagination_class = PageOrCursorPagination
    paginator: PageOrCursorPagination
    filterset_class: ClassVar[type[FilterSet]]
    filterset_classes: ClassVar[Mapping[str, type[FilterSet]]] = {}

    def get_filterset_class(self) -> type[FilterSet] | None:
        return self.filterset_class if self.action == "list" else self.filterset_classes.get(self.action)

    @property
    def action_filters(self) -> type[FilterSet]:
        """The filter set of the current action."""
        filterset_class = self.get_filterset_class()
        assert filterset_class  # noqa: S101 - only called for actions that declare one
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
        """The filters in the query, without empty ones."""
        query = self.request.META["QUERY_STRING"]
        if not query:
            return {}
        values = query_values(query, self.action_filters.base_filters, ignore_empty=True)
        return {name: text for name, text in values.items() if text.strip()}

    def get_filterset(self, queryset: QuerySet[Any]) -> FilterSet:
        """Return the filter set of the query, or refuse invalid values. Its `qs` holds the matching rows."""
        filterset = self.action_filters(self.filters_in_query, queryset=queryset)
        errors = filterset.form.errors
        if errors:
            raise ValidationFailed(*(_error(name, error) for name, of_it in errors.items() for error in of_it))
        return filterset

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.get_filterset(queryset).qs

    def read_position(self, values: Values) -> Position:
        return self.paginator.read(self.request, self.action_filters, values)

    def page_response(
        self,
        filterset: FilterSet,
        *,
        total: Callable[[], int],
        fetch: Callable[[Any], QuerySet[Any, Any]],
        represent: Represent,
    ) -> Response:
        """Respond with a page. `fetch` makes `values()` of its rows, and `represent` formats each."""
        self.read_position(filterset.form.cleaned_data)
        with self.search_limit():
            rows = self.paginator.paginate_queryset(filterset.qs, self.request, self, total=total, fetch=fetch)
        return self.get_paginated_response([represent(row) for row in rows])

    def prepared_page_response(
        self,
        rows: Callable[..., Any],
        fetch: Callable[..., Any],
        represent: Represent,
        *ids: UUID,
        total: Callable[..., Any] | None = None,
    ) -> Response | None:
        """Respond with a page of the unfiltered list by prepared statements, or return None.

        `rows`, `fetch` and `total` are methods of this view that build queries from `ids`. If `total` returns no row,
        the list does not exist: 404.
        """
        if self.filters_in_query or not self.read_position({}).is_prepared:
            return None
        return self.cut_response(*self._fetch_page(rows, fetch, total, ids), represent)

    def prepared_filtered_page_response(
        self,
        filterset: FilterSet,
        rows: Callable[..., Any],
        fetch: Callable[..., Any],
        represent: Represent,
        *ids: UUID,
        total: Callable[..., Any] | None = None,
    ) -> Response | None:
        """Respond with a page of a filtered list by statements compiled once for each form of filter, or return None.

        `rows` and `total` also take `form`: the filter with placeholders for its values.
        """
        values = filterset.form.cleaned_data
        if not self.read_position(values).is_prepared:
            return None
        parameters = Parameters()
        form = tuple(
            (name, parameters.replace_value(value)) for name, value in values.items() if value not in (None, "")
        )
        with self.search_limit():
            page = self._fetch_page(rows, fetch, total, ids, parameters=parameters, form=form)
        return self.cut_response(*page, represent)

    def cut_response(self, total: int, rows: list[Any], represent: Represent) -> Response:
        """Respond with a page, given its rows and one more if there is a next page."""
        return self.get_paginated_response([represent(row) for row in self.paginator.cut(rows, total)])

    def _fetch_page(
        self,
        rows: Callable[..., Any],
        fetch: Callable[..., Any],
        total: Callable[..., Any] | None,
        ids: tuple[UUID, ...],
        **filtered: Any,
    ) -> tuple[int, list[Any]]:
        if total:
            count = self.first_or_404(self.fetch(total, *ids, **filtered))["total"]
        else:
            counts = self.fetch(self.total_of_rows, *ids, rows=rows.__name__, **filtered)
            count = sum(row["total"] for row in counts)
        position = self.paginator.position
        after = position.after_id
        if not after and position.seen >= count:
            return count, []
        shape = {"rows": rows.__name__, "fetch": fetch.__name__, "most": position.per_page + 1, "skips": bool(after)}
        return count, self.fetch(self.page_of_rows, *ids, *([after] if after else []), **shape, **filtered)

    def total_of_rows(self, *ids: UUID, rows: str, **filtered: Any) -> QuerySet[Any, Any]:
        count = Func("pk", function="COUNT", output_field=IntegerField())
        return getattr(self, rows)(*ids, **filtered).order_by().values(total=count)

    def page_of_rows(
        self, *ids: UUID, rows: str, fetch: str, most: int, skips: bool, **filtered: Any
    ) -> QuerySet[Any, Any]:
        parents, behind = (ids[:-1], ids[-1]) if skips else (ids, None)
        everything = getattr(self, rows)(*parents, **filtered)
        ahead = everything.filter(pk__lt=behind) if behind else everything
        page = unfiltered(everything).filter(pk_in(ahead.order_by("-pk").values("pk")[:most]))
        return getattr(self, fetch)(page).order_by("-pk")

    def search_limit(self) -> AbstractContextManager[None]:
        """Limit concurrent requests for lists with a filter that has no index."""
        is_costly = not COSTLY.isdisjoint(self.filters_in_query)
        return search_limit(self.principal.id) if is_costly else nullcontext()


def _error(name: str, error: Any) -> dict[str, Any]:
    return error_item(("query", name), " ".join(error.messages), f"value_error.{error.code}")
