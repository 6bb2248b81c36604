from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import CharField, ListField

from audit.actions import Action, ResourceType
from audit.api.v1 import filters, serializers, wire
from audit.models import AuditEntry, AuditEntryQuerySet
from audit.queries import LENGTH, chains_seen_by, length_seen_by
from core.access import Tier
from core.api.lists import ListViewSet
from core.api.schema import MetaResponse, enveloped, paginated
from core.ids import Prefix

NAMES_RESPONSE = inline_serializer(
    "ApiResponse_list_str__",
    {"data": ListField(child=CharField()), "meta": MetaResponse()},
)


class RecordViewSet(ListViewSet):
    """Those entries that are the caller's to read. Nobody writes here: what is done writes them."""

    def get_queryset(self) -> AuditEntryQuerySet:
        return AuditEntry.objects.visible_to(self.principal)

    def with_columns(self, rows: AuditEntryQuerySet) -> Any:
        return rows.values(*wire.COLUMNS)

    def one(self, pk: UUID) -> Any:
        return self.with_columns(self.get_queryset().filter(pk=pk))

    def length(self) -> Any:
        return chains_seen_by(self.principal).values(total=LENGTH)

    def listed(self) -> Response:
        represent = partial(wire.entry, seen_by=self.principal.tier)
        total = self.length if chains_seen_by(self.principal) is not None else None
        if response := self.prepared_page_response(self.get_queryset, self.with_columns, represent, total=total):
            return response
        filterset = self.get_filterset(self.get_queryset())
        length = length_seen_by(self.principal) if filterset.is_plain else None
        return self.page_response(
            filterset,
            total=filterset.qs.count if length is None else lambda: length,
            fetch=self.with_columns,
            represent=represent,
        )


class AuditViewSet(RecordViewSet):
    tag = "Audit"
    reads = dict.fromkeys(("list", "retrieve", "actions", "resource_types"), Tier.TENANT)
    filterset_class = filters.EntryFilters
    missing = "Audit entry not found"

    @extend_schema(operation_id="list_audit_entries", responses=paginated(serializers.Entry))
    def list(self, request: Request) -> Response:
        """List audit log entries. Returns what was done, or refused, to the resources you can see, newest first."""
        return self.listed()

    @extend_schema(operation_id="show_audit_entry", responses=enveloped(serializers.Entry))
    def retrieve(self, request: Request, entry_id: str) -> Response:
        """Get an audit log entry. It shows who did what, from where, and each field's old and new value."""
        pk = self.id_or_404(Prefix.AUDIT_ENTRY, entry_id)
        return self.answer(wire.entry(self.first_or_404(self.fetch(self.one, pk)), seen_by=self.principal.tier))

    @extend_schema(operation_id="list_audit_actions", responses=NAMES_RESPONSE)
    def actions(self, request: Request) -> Response:
        """List all audit log actions. These are the values that the filter `action` takes."""
        return self.answer(sorted(Action))

    @extend_schema(operation_id="list_audit_resource_types", responses=NAMES_RESPONSE)
    def resource_types(self, request: Request) -> Response:
        """List all resource types of the audit log. These are the values that the filter `resource_type` takes."""
        return self.answer(sorted(ResourceType))
