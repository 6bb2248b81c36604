"""Base classes of the edge's views and lists."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import JSONObject
from drf_spectacular.openapi import AutoSchema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api import refusal_log
from core.access import PRINCIPAL_TYPES, Principal
from core.api.throttling import concurrency_limit, search_limit
from core.api.views import PolicyViewSet
from core.ids import Prefix
from core.parameters import NotParameterizable, Parameters
from core.prepared import Prepared, Statement
from sessions_app.api.edge import wire
from sessions_app.api.edge.descriptions import DESCRIPTIONS
from sessions_app.api.edge.filters import Condition, Symbols
from sessions_app.reads.session_pages import SessionPage, page_query

PLANNED = (10, 20, 50, 100, 500)  # rows
MAX_CONCURRENT = 4  # lists that one caller can request at the same time


class EdgeViewSet(PolicyViewSet):
    """A view that answers in the controller's envelope, with its headers."""

    authentication_classes = [wire.ZtSessionAuthentication]
    content_negotiation_class = wire.JSONIfAccepted
    schema = AutoSchema()
    descriptions = DESCRIPTIONS
    entity: ClassVar[str] = ""  # the kind of resource that a 404 names; its id is the URL argument `id_in_path`
    id_in_path: ClassVar[str] = ""
    session_until: datetime | None = None

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return refusal_log.recording_refusals(wire.exception_handler)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate once, and remember when the session expires, even if a later step loses the database."""
        super().perform_authentication(request)
        self.session_until = request.auth.session_until if isinstance(request.auth, Principal) else None

    def answer(self, data: Any, **meta: Any) -> Response:
        return Response({"data": data, "meta": meta})

    def ended(self, session_id: UUID) -> Response:
        """Answer that a session was revoked. If it is the current one, the response has no expiry headers."""
        if session_id == self.principal.session_id:
            self.session_until = None
        return self.answer({})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in wire.HEADERS.items():
            final[name] = value
        return final if self.session_until is None else with_expiry(final, self.session_until)


class ListedViewSet(EdgeViewSet):
    """A kind of resource that is listed by a filter, sorted and paged, and looked up by its id."""

    prefix: ClassVar[Prefix]
    symbols: ClassVar[Symbols]
    columns: ClassVar[JSONObject]

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows that the caller can see."""
        raise NotImplementedError

    def get_list_queryset(self) -> QuerySet[Any]:
        """Return the same rows by a query that is faster for lists."""
        return self.get_queryset()

    def to_representation(self, rows: Sequence[wire.Row]) -> list[dict[str, Any]]:
        raise NotImplementedError

    def total_expression(self) -> Any:
        """Return an expression for the length of the unfiltered list, if it is known without counting rows."""
        return None

    def answer_list(self) -> Response:
        page = wire.parse_page(self.request.META["QUERY_STRING"], self.symbols)
        result = self.fetch_page(page)
        return self.answer(
            self.to_representation(result.rows),
            filterableFields=self.symbols.names,
            pagination=page.as_json(result.total),
        )

    def fetch_page(self, page: wire.Page) -> SessionPage:
        if page.condition is False:
            return SessionPage(0, [])
        is_search = not isinstance(page.condition, bool)
        search: AbstractContextManager[None] = search_limit(self.principal.id) if is_search else nullcontext()
        with concurrency_limit(MAX_CONCURRENT, self.principal.id), search:
            if page.is_endless:
                page.check_total(self.filtered(page.condition)[: page.offset + page.max_rows + 1].count())
            statement, values = self.statement(page)
            [(total, rows)] = statement.fetch(*self.principal.ids, *values)
            return SessionPage(total, rows)

    def filtered(self, where: Condition) -> QuerySet[Any]:
        rows = self.get_list_queryset().alias(**self.symbols.annotations)
        return rows if isinstance(where, bool) else rows.filter(where)

    def statement(self, page: wire.Page) -> tuple[Statement, list[Any]]:
        """Return the statement for pages of this form, and the values of this page."""
        parameters, where = Parameters(), page.condition
        try:
            form = where if isinstance(where, bool) else parameters.replace_values(where)
        except NotParameterizable:
            parameters, form = Parameters(), where
            make = _statement.__wrapped__  # not cached, since this form may never be repeated
        else:
            make = _statement.__wrapped__ if page.offset else _statement
        types = tuple(parameters.types.items())
        caller = self.principal.stand_in
        return make(
            type(self), caller, form, types, tuple(page.order_by), page.offset, page.max_rows
        ), parameters.values

    def query(self, where: Condition, by: Sequence[OrderBy], skip: int, most: int) -> QuerySet[Any, Any]:
        rows, total = self.filtered(where), self.total_expression() if isinstance(where, bool) else None
        part = {"skip": skip, "limit": most}
        return page_query(rows, by, annotations=self.symbols.annotations, columns=self.columns, total=total, **part)

    def answer_detail(self) -> Response:
        pk = self.id_or_404(self.prefix, self.kwargs[self.id_in_path])
        [data] = self.to_representation([self.first_or_404(self.fetch(self.one, pk))["shown"]])
        return self.answer(data)

    def one(self, pk: UUID) -> Any:
        return self.get_queryset().filter(pk=pk).values(shown=self.columns)

    def get_object_rows(self) -> Any:
        return self.get_queryset().filter(pk=self.id_or_404(self.prefix, self.kwargs[self.id_in_path]))


def with_expiry(response: Response, until: datetime) -> Response:
    response["expiration-seconds"] = str(wire.seconds_until(until, datetime.now(UTC)))
    response["expires-at"] = wire.go_time(until)
    return response


@lru_cache(maxsize=500)
def _statement(
    view_class: Any,
    caller: Principal,
    where: Condition,
    types: tuple[tuple[Any, str], ...],
    by: tuple[OrderBy, ...],
    skip: int,
    most: int,
) -> Statement:
    """Build a statement. Unfiltered pages of common lengths are prepared, filtered ones are planned each time."""
    view = view_class(stand_in=caller)
    is_usual = isinstance(where, bool) and not skip and most in PLANNED
    kind = Prepared if is_usual else Statement
    return kind(lambda: view.query(where, by, skip, most), {**PRINCIPAL_TYPES, **dict(types)})
