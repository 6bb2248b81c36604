from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Subquery
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User, UserCount
from core.access import Tier
from core.ids import Prefix
from sessions_app.api.edge import serializers, wire
from sessions_app.api.edge.filters import IDENTITIES
from sessions_app.api.edge.views.base import EdgeViewSet, ListedViewSet
from sessions_app.reads.presence import users_with_live_session


def identities(rows: Sequence[wire.Row]) -> list[dict[str, Any]]:
    signed_in = users_with_live_session([UUID(row["id"]) for row in rows])
    return [wire.identity(row, has_session=UUID(row["id"]) in signed_in) for row in rows]


class CurrentIdentityViewSet(EdgeViewSet):
    reads = {"retrieve": Tier.USER}
    entity = "identity"

    @extend_schema(
        operation_id="getCurrentIdentity",
        tags=["Current Identity"],
        responses=serializers.answers(serializers.IDENTITY, 401, 503),
    )
    def retrieve(self, request: Request) -> Response:
        """Get the signed-in user. In OpenZiti's terms, the user is an identity."""
        [data] = identities([self.first_or_404(self.fetch(self.me))["shown"]])
        return self.answer(data | {"_links": {"self": {"href": "./current-identity"}}})

    def me(self) -> Any:
        return User.objects.filter(pk=self.user_id).values(shown=wire.IDENTITY_COLUMNS)


class IdentityViewSet(ListedViewSet):
    """Users, read-only. Fields that Curfew has no data for are empty."""

    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    entity, id_in_path = "identity", "identity_id"
    prefix, symbols, columns = Prefix.USER, IDENTITIES, wire.IDENTITY_COLUMNS

    def get_queryset(self) -> Any:
        return User.objects.visible_to(self.principal).in_existing_tenant()

    def to_representation(self, rows: Sequence[wire.Row]) -> list[dict[str, Any]]:
        return identities(rows)

    def total_expression(self) -> Any:
        return Subquery(UserCount.objects.visible_to(self.principal).in_existing_tenant().total())

    @extend_schema(
        operation_id="listIdentities",
        tags=["Identity"],
        parameters=serializers.page('name contains "@north.example" sort by name limit 50'),
        responses=serializers.answers(serializers.IDENTITIES, 400, 401, 429, 503),
    )
    def list(self, request: Request) -> Response:
        """List users as identities. Returns those within your scope, filtered, sorted and paged like API sessions."""
        return self.answer_list()

    @extend_schema(
        operation_id="detailIdentity",
        tags=["Identity"],
        responses=serializers.answers(serializers.IDENTITY, 401, 404, 503),
    )
    def retrieve(self, request: Request, identity_id: str) -> Response:
        """Get a user as an identity. Users outside your scope are not found."""
        return self.answer_detail()
