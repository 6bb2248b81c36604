"""The base class of the views of every dialect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from core.access import Origin, Principal, ScopedQuerySet, Tier, unfiltered
from core.api.error_views import DEFAULT_MESSAGES
from core.api.middleware import ORIGIN
from core.api.permissions import ActionPolicy
from core.ids import Prefix, decode_id
from core.queries import fetch_for

Q = TypeVar("Q", bound=ScopedQuerySet[Any])
T = TypeVar("T")


class PolicyViewSet(GenericViewSet):
    """DRF's generic view set, with a policy for each action instead of a permission class for the view.

    - `public`, `reads` and `writes` name every action, with the tier that it takes; `ActionPolicy` judges by them.
    - `get_queryset()` is what the caller may see; `check_writable()` decides between 404 and 403 in one statement.
    - `fetch()` answers hot reads by statements that are prepared once for all callers of a kind.
    - `errors` maps the domain's errors to a status and a text, `missing` is the text of a 404.
    """

    permission_classes = [ActionPolicy]
    public: ClassVar[frozenset[str]] = frozenset()
    reads: ClassVar[Mapping[str, Tier]] = {}
    writes: ClassVar[Mapping[str, Tier]] = {}
    with_session: ClassVar[frozenset[str]] = frozenset()
    errors: ClassVar[Mapping[type[Exception], tuple[HTTPStatus, Any]]] = {}
    missing: ClassVar[str] = DEFAULT_MESSAGES[HTTPStatus.NOT_FOUND]
    credentials_in: ClassVar[str] = "Authorization"
    descriptions: ClassVar[Mapping[str, str]] = {}  # of fields, for the published schema
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    stand_in: Principal | None = None  # represents the caller while a query is compiled

    @property
    def principal(self) -> Principal:
        if self.stand_in is not None:
            return self.stand_in
        assert isinstance(self.request.auth, Principal)  # noqa: S101 - `ActionPolicy` let nobody else in
        return self.request.auth

    @property
    def origin(self) -> Origin:
        return self.request.META[ORIGIN]

    @property
    def user_id(self) -> UUID:
        """The id of the signed-in user. Tokens without a user are refused before this."""
        assert self.principal.user_id is not None  # noqa: S101 - `ActionPolicy` let nobody else in
        return self.principal.user_id

    @property
    def session_id(self) -> UUID:
        """The id of the caller's session, in views that declare that they need one."""
        assert self.principal.session_id is not None  # noqa: S101 - `ActionPolicy` let nobody else in
        return self.principal.session_id

    def get_authenticators(self) -> list[Any]:
        """Return no authenticators for a public action, so that expired credentials do no harm there."""
        method = self.request.method if self.request else None  # there is none while the schema is drawn up
        action = self.action_map.get((method or "").lower())
        return [] if action in self.public else super().get_authenticators()

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the actor and no request, since serializers are also used without one."""
        return {"principal": self.principal}

    def fetch(self, build: Callable[..., QuerySet[Any, Any]], *ids: UUID | None, **shape: Any) -> list[dict[str, Any]]:
        """Return the rows of a query that is prepared once for all callers of a kind.

        `build` is a method of this view, and makes the query from the caller, `ids` and `shape`. It is called on a view
        without a request, whose `principal` holds stand-ins.
        """
        return fetch_for(self.principal, _Method(type(self), build.__name__), *ids, **shape)

    def id_or_404(self, prefix: Prefix, text: str) -> UUID:
        return self.or_404(decode_id(prefix, text))

    def or_404(self, value: T | None) -> T:
        if value is None:
            raise Http404
        return value

    def count_or_404(self, count: int) -> int:
        return self.or_404(count or None)

    def first_or_404(self, rows: Any) -> Any:
        return self.or_404(next(iter(rows[:1]), None))

    def check_writable(self, rows: Q) -> Q:
        return check_writable(rows, self.principal)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "no-store")
        final["Vary"] = self.credentials_in
        return final


def check_writable(rows: Q, principal: Principal) -> Q:
    """Return the rows if there are any and the principal may change them; otherwise 404 or 403, in one query."""
    writable = unfiltered(rows).writable_by(principal).filter(pk=OuterRef("pk"))
    answers = list(rows.order_by().values_list(Exists(writable), flat=True)[:2])
    if not answers:
        raise Http404
    if not all(answers):
        raise exceptions.PermissionDenied
    return rows


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of a view that makes a query, called without a request."""

    view_class: type[PolicyViewSet]
    name: str

    def __call__(self, caller: Principal, *ids: UUID | None, **shape: Any) -> QuerySet[Any, Any]:
        return getattr(self.view_class(stand_in=caller), self.name)(*ids, **shape)
