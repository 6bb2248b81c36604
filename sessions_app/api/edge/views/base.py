"""What every view of the edge has in common, and every list."""

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
from core.api.throttling import a_turn_to_search, concurrency_limit
from core.api.views import PolicyViewSet
from core.ids import Prefix
from core.parameters import NotTaken, Parameters
from core.prepared import Prepared, Statement
from sessions_app.api.edge import wire
from sessions_app.api.edge.descriptions import DESCRIPTIONS
from sessions_app.api.edge.filters import Condition, Symbols
from sessions_app.reads.session_pages import SessionPage, stretch_query

PLANNED = (10, 20, 50, 100, 500)  # rows
MAX_CONCURRENT = 4  # lists of one caller that are looked for at the same time


class EdgeViewSet(PolicyViewSet):
    """Everything in the controller's envelope, with its headers."""

    authentication_classes = [wire.ZtSessionAuthentication]
    content_negotiation_class = wire.JSONIfAccepted
    schema = AutoSchema()
    descriptions = DESCRIPTIONS
    entity: ClassVar[str] = ""  # what a 404 says was not found, by which part of the path
    id_in_path: ClassVar[str] = ""
    until: datetime | None = None

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return refusal_log.recording_refusals(wire.exception_handler)

    def perform_authentication(self, request: Request) -> None:
        """Asked once: where nobody could be found for want of a database, there is nobody to ask again for."""
        super().perform_authentication(request)
        self.until = request.auth.session_until if isinstance(request.auth, Principal) else None

    def answer(self, data: Any, **meta: Any) -> Response:
        return Response({"data": data, "meta": meta})

    def ended(self, session_id: UUID) -> Response:
        """Of what is over there is no end to tell."""
        if session_id == self.principal.session_id:
            self.until = None
        return self.answer({})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in wire.HEADERS.items():
            final[name] = value
        return final if self.until is None else with_expiry(final, self.until)


class ListedViewSet(EdgeViewSet):
    """A kind of resource that is listed by a filter, sorted and paged, and looked up by its id."""

    prefix: ClassVar[Prefix]
    symbols: ClassVar[Symbols]
    columns: ClassVar[JSONObject]

    def get_queryset(self) -> QuerySet[Any]:
        """What is within the caller's scope."""
        raise NotImplementedError

    def listed(self) -> QuerySet[Any]:
        """The same rows, found in the way that suits a list."""
        return self.get_queryset()

    def represent(self, rows: Sequence[wire.Row]) -> list[dict[str, Any]]:
        raise NotImplementedError

    def count(self) -> Any:
        """How many are listed without a filter, if that is known without counting the rows."""
        return None

    def answer_list(self) -> Response:
        page = wire.page_in(self.request.META["QUERY_STRING"], self.symbols)
        stretch = self.stretch(page)
        return self.answer(
            self.represent(stretch.rows), filterableFields=self.symbols.public, pagination=page.shown(stretch.total)
        )

    def stretch(self, page: wire.Page) -> SessionPage:
        if page.where is False:
            return SessionPage(0, [])
        is_search = not isinstance(page.where, bool)
        search: AbstractContextManager[None] = a_turn_to_search(self.principal.id) if is_search else nullcontext()
        with concurrency_limit(MAX_CONCURRENT, self.principal.id), search:
            if page.is_endless:
                page.must_hold(self.filtered(page.where)[: page.offset + page.most + 1].count())
            statement, values = self.statement(page)
            [(count, found)] = statement.fetch(*self.principal.ids, *values)
            return SessionPage(count, found)

    def filtered(self, where: Condition) -> QuerySet[Any]:
        rows = self.listed().alias(**self.symbols.added)
        return rows if isinstance(where, bool) else rows.filter(where)

    def statement(self, page: wire.Page) -> tuple[Statement, list[Any]]:
        """What answers pages of this form, and the values of this one."""
        parameters, where = Parameters(), page.where
        try:
            form = where if isinstance(where, bool) else parameters.take_from(where)
        except NotTaken:
            parameters, form = Parameters(), where
            make = _statement.__wrapped__  # of a form that may never come again
        else:
            make = _statement.__wrapped__ if page.offset else _statement
        types = tuple(parameters.types.items())
        caller = self.principal.stand_in
        return make(type(self), caller, form, types, tuple(page.by), page.offset, page.most), parameters.values

    def query(self, where: Condition, by: Sequence[OrderBy], skip: int, most: int) -> QuerySet[Any, Any]:
        rows, total = self.filtered(where), self.count() if isinstance(where, bool) else None
        part = {"skip": skip, "most": most}
        return stretch_query(rows, by, names=self.symbols.added, columns=self.columns, total=total, **part)

    def answer_detail(self) -> Response:
        pk = self.id_or_404(self.prefix, self.kwargs[self.id_in_path])
        [data] = self.represent([self.first_or_404(self.fetch(self.one, pk))["shown"]])
        return self.answer(data)

    def one(self, pk: UUID) -> Any:
        return self.get_queryset().filter(pk=pk).values(shown=self.columns)

    def named(self) -> Any:
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
    """Planned once for lists without a filter, of the usual lengths; with one, for its values."""
    view = view_class(stand_in=caller)
    is_usual = isinstance(where, bool) and not skip and most in PLANNED
    kind = Prepared if is_usual else Statement
    return kind(lambda: view.query(where, by, skip, most), {**PRINCIPAL_TYPES, **dict(types)})
