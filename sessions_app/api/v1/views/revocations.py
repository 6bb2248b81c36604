from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import Tier
from core.api.lists import ListViewSet
from core.api.schema import enveloped, paginated
from core.ids import Prefix
from sessions_app.api.v1 import filters, serializers, wire
from sessions_app.models import Revocation
from sessions_app.models.revocations import RevocationQuerySet


class RevocationViewSet(ListViewSet):
    tag = "Revocations"
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    filterset_class = filters.RevocationFilters
    missing = "Revocation not found"

    def get_queryset(self) -> RevocationQuerySet:
        return Revocation.objects.visible_to(self.principal)

    def with_columns(self, rows: RevocationQuerySet) -> Any:
        return wire.revocations(rows)

    def one(self, pk: UUID) -> Any:
        return wire.revocations(self.get_queryset().filter(pk=pk))

    @extend_schema(operation_id="list_revocations", responses=paginated(serializers.RevocationResponse))
    def list(self, request: Request) -> Response:
        """List revocations. Each shows what was revoked, how many sessions, by whom and why; newest first."""
        if response := self.prepared_page_response(self.get_queryset, self.with_columns, wire.revocation):
            return response
        filterset = self.get_filterset(self.get_queryset())
        return self.page_response(
            filterset, total=filterset.qs.count, fetch=wire.revocations, represent=wire.revocation
        )

    @extend_schema(operation_id="show_revocation", responses=enveloped(serializers.RevocationResponse))
    def retrieve(self, request: Request, revocation_id: str) -> Response:
        """Get a revocation. It takes effect immediately; `swept_count` is how many session rows have been updated so
        far."""
        pk = self.id_or_404(Prefix.REVOCATION, revocation_id)
        return self.answer(wire.revocation(self.first_or_404(self.fetch(self.one, pk))))
