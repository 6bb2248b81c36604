"""Things with a life, as REST has them: listed, made, read, changed and deleted; each answer names its version."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db.models import Model, Q
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from core.access import ScopedQuerySet
from core.api.filters import ChoiceFilter, FilterSet, TextFilter
from core.api.pagination import PagedViewSet
from core.api.v1 import meta
from core.ids import encode_id
from core.models import Entity, EntityQuerySet, Status, version_at

COLLECTION: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "update", "delete": "destroy"}

SESSIONS_ENDED = "Sessions-Ended"
M = TypeVar("M", bound=Model)
_TAG = re.compile(r'(W/)?"([^"]*)"')


class ResourceFilters(FilterSet):
    searched: ClassVar[Sequence[str]] = ()

    search = TextFilter(
        method="mentioning", label="Text that is part of a name or another text field, in upper or lower case."
    )
    status = ChoiceFilter(Status, "status", label="The status: `ACTIVE` or `SUSPENDED`.")

    def mentioning(self, rows: Any, name: str, value: str) -> Any:
        found = Q()
        for column in self.searched:
            found |= Q(**{f"{column}__icontains": value})
        return rows.filter(found)


class ResourceViewSet(PagedViewSet):
    """Of one kind of thing. What is said of each is `columns`, put into words by `item`.

    A view that makes or changes things says how in `make`, `alter` and `remove`: one domain act each.
    """

    noun: ClassVar[str]
    model: ClassVar[type[Entity]]
    columns: ClassVar[Sequence[str]]
    shown_by: ClassVar[type[Serializer]]
    made_shown_by: ClassVar[type[Serializer] | None] = None  # if there is more to be said of a new one
    made_by: ClassVar[type[Serializer]]
    notes: ClassVar[Mapping[str, str]] = {}  # by action: what the published schema adds to its text
    changed_by: ClassVar[type[Serializer]]

    def things(self) -> EntityQuerySet[Any]:
        """What there is for the caller."""
        raise NotImplementedError

    def described(self, rows: Any) -> Any:
        """With what is said of each beside its own columns."""
        return rows

    def with_columns(self, rows: Any) -> Any:
        return self.described(rows).values(*self.columns)

    def one(self, pk: UUID) -> Any:
        return self.with_columns(self.things().filter(pk=pk))

    @classmethod
    def item(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row, "id": encode_id(cls.model.prefix, row["id"])}

    def make(self, given: dict[str, Any]) -> tuple[Entity, dict[str, Any]]:
        """The new thing, and what is said of it this once."""
        raise NotImplementedError

    def alter(self, thing: Any, given: dict[str, Any]) -> int:
        """How many sessions that ended."""
        raise NotImplementedError

    def remove(self, thing: Any) -> int:
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        """List what the caller may see, newest first."""
        if usual := self.usual_page(self.things, self.with_columns, self.item):
            return usual
        found = self.filtered(self.things())
        return self.page(found, total=found.qs.count, fetch=self.with_columns, item=self.item)

    def create(self, request: Request) -> Response:
        """Create one, and answer with it."""
        thing, once = self.make(self.body(self.made_by))
        answer = self.told(thing.pk, HTTPStatus.CREATED, **once)
        answer["Location"] = f"{request.path.rstrip('/')}/{thing.handle}"
        return answer

    def retrieve(self, request: Request, resource_id: str) -> Response:
        """Answer with one, and its version in `ETag`."""
        return self.told(self.id_or_404(self.model.prefix, resource_id))

    def update(self, request: Request, resource_id: str) -> Response:
        """Update the given fields; with `If-Match`, only of the version that it names."""
        thing = self.only(self.changeable(self.named(resource_id)))
        ended = self.alter(thing, self.body(self.changed_by, partial=True))
        return self.ending(self.told(thing.pk), ended)

    def destroy(self, request: Request, resource_id: str) -> Response:
        """Delete one."""
        return self.ending(self.nothing(), self.remove(self.only(self.changeable(self.named(resource_id)))))

    def ending(self, answer: Response, count: int) -> Response:
        """An answer that says how many sessions the act has ended."""
        answer[SESSIONS_ENDED] = str(count)
        return answer

    def named(self, resource_id: str) -> EntityQuerySet[Any]:
        return self.things().filter(pk=self.id_or_404(self.model.prefix, resource_id))

    @property
    def versions(self) -> frozenset[str] | None:
        """Those that If-Match names; None if any will do."""
        said = self.request.headers.get("If-Match", "*")
        return None if said.strip() == "*" else frozenset(tag for weak, tag in _TAG.findall(said) if not weak)

    def target(self, rows: ScopedQuerySet[M], pk: UUID | None) -> M:
        """Something that a body names: what is not within reach is refused as what does not exist."""
        found = rows.visible_to(self.principal).filter(pk=pk).first()
        if found is None:
            raise PermissionDenied
        return found

    def told(self, pk: UUID, status: HTTPStatus = HTTPStatus.OK, **once: Any) -> Response:
        """As it stands now."""
        row = self.only(self.fetch(self.one, pk))
        answer = Response({"data": self.item(row) | once, "meta": meta(self.request)}, status=status)
        answer["ETag"] = f'"{version_at(row["updated_at"])}"'
        return answer
