"""View sets of resources: listed, created, read, updated and deleted, each with its version as an ETag."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.filters import ChoiceFilter, FilterSet, TextFilter
from core.api.lists import ListViewSet
from core.api.serializers import Resource, ResourceInput
from core.api.v1 import meta
from core.models import Entity, EntityQuerySet, Status, version_at

COLLECTION: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "update", "delete": "destroy"}

SESSIONS_ENDED = "Sessions-Ended"
_TAG = re.compile(r'(W/)?"([^"]*)"')


class ResourceFilters(FilterSet):
    searched: ClassVar[Sequence[str]] = ()

    search = TextFilter(
        method="mentioning", label="Text that is part of a name or another text field, in upper or lower case."
    )
    status = ChoiceFilter(Status, "status", label="The status: `ACTIVE` or `SUSPENDED`.")

    def mentioning(self, rows: Any, name: str, value: str) -> Any:
        condition = Q()
        for column in self.searched:
            condition |= Q(**{f"{column}__icontains": value})
        return rows.filter(condition)


class ResourceViewSet(ListViewSet):
    """A resource, with DRF's hooks: `get_queryset`, `get_object`, `get_serializer_class`, `perform_create`...

    - `serializer_class` is what responses show: rows of `columns`, and what `annotate` adds. Inputs are
      `create_serializer_class` and `update_serializer_class`, whose `save()` calls the operation.
    - `get_object()` is for actions that write: it is 404 for what the caller cannot see and 403 for what they may not
      change. Operations judge the same again under the row's lock, and there they compare the versions of `If-Match`.
    - `retrieve` and the first page of `list` are prepared statements (`fetch`), which know no objects.
    """

    lookup_url_kwarg = "resource_id"
    resource_name: ClassVar[str]
    model: ClassVar[type[Entity]]
    columns: ClassVar[Sequence[str]]
    notes: ClassVar[Mapping[str, str]] = {}  # by action: what the published schema adds to its text
    serializer_class: type[Resource]
    create_serializer_class: ClassVar[type[ResourceInput]]
    update_serializer_class: ClassVar[type[ResourceInput]]
    created_serializer_class: ClassVar[type[Resource] | None] = None  # if the response to `create` shows more

    def get_queryset(self) -> EntityQuerySet[Any]:
        raise NotImplementedError

    def annotate(self, rows: Any) -> Any:
        """Add the columns that are not the model's own."""
        return rows

    def with_columns(self, rows: Any) -> Any:
        return self.annotate(rows).values(*self.columns)

    def one(self, pk: UUID) -> Any:
        return self.with_columns(self.get_queryset().filter(pk=pk))

    def get_rows(self) -> EntityQuerySet[Any]:
        """The row that the URL names, if the caller may see it."""
        return self.get_queryset().filter(pk=self.pk)

    def get_object(self) -> Any:
        return self.first_or_404(self.check_writable(self.get_rows()))

    @property
    def pk(self) -> UUID:
        return self.id_or_404(self.model.prefix, self.kwargs[self.lookup_url_kwarg])

    def get_serializer_class(self) -> Any:
        match self.action:
            case "create":
                return self.create_serializer_class
            case "update":
                return self.update_serializer_class
            case _:
                return self.serializer_class

    def get_serializer_context(self) -> dict[str, Any]:
        return super().get_serializer_context() | {"versions": self.versions}

    @property
    def versions(self) -> frozenset[str] | None:
        """The versions in `If-Match`; None accepts any."""
        tags = self.request.headers.get("If-Match", "*")
        return None if tags.strip() == "*" else frozenset(tag for weak, tag in _TAG.findall(tags) if not weak)

    def perform_create(self, serializer: Any) -> None:
        serializer.save()

    def perform_update(self, serializer: Any) -> None:
        serializer.save()

    def perform_destroy(self, instance: Any) -> int:
        """Delete it, and return how many sessions that ended."""
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        """List what the caller may see, newest first."""
        represent = self.serializer_class().to_representation
        if response := self.prepared_page_response(self.get_queryset, self.with_columns, represent):
            return response
        filterset = self.get_filterset(self.get_queryset())
        return self.page_response(filterset, total=filterset.qs.count, fetch=self.with_columns, represent=represent)

    def create(self, request: Request) -> Response:
        """Create one, and respond with it."""
        serializer: Any = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        once = {"client_secret": serializer.secret} if serializer.secret else {}
        response = self.detail_response(serializer.instance.pk, HTTPStatus.CREATED, **once)
        response["Location"] = f"{request.path.rstrip('/')}/{serializer.instance.handle}"
        return response

    def retrieve(self, request: Request, resource_id: str) -> Response:
        """Respond with one, and its version in `ETag`."""
        return self.detail_response(self.pk)

    def update(self, request: Request, resource_id: str) -> Response:
        """Update the given fields; with `If-Match`, only of the version that it names."""
        serializer: Any = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return self.with_sessions_ended(self.detail_response(serializer.instance.pk), serializer.sessions_ended)

    def destroy(self, request: Request, resource_id: str) -> Response:
        """Delete one."""
        return self.with_sessions_ended(self.no_content(), self.perform_destroy(self.get_object()))

    def detail_response(self, pk: UUID, status: HTTPStatus = HTTPStatus.OK, **once: Any) -> Response:
        """The resource as it is now, and what is shown this once."""
        row = self.first_or_404(self.fetch(self.one, pk))
        data = self.serializer_class().to_representation(row) | once
        response = Response({"data": data, "meta": meta(self.request)}, status=status)
        response["ETag"] = f'"{version_at(row["updated_at"])}"'
        return response

    def with_sessions_ended(self, response: Response, count: int) -> Response:
        response[SESSIONS_ENDED] = str(count)
        return response
