"""The audit log in the console: a list with filters, a page for each entry, and an export of all that match."""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from audit.admin.filters import AuditFilterForm
from audit.admin.panels import RESULTS, chain_badge
from audit.api.v1 import wire
from audit.api.v1.serializers import Entry
from audit.log_export import SCAN_LIMIT, export, scan_boundary
from audit.models import AuditEntry
from core.access import Principal, Tier
from core.api.admin import ConsoleAdmin, KeysetChangeList, principal_of
from core.api.components import Badge, DefinitionList, Table, time_tag
from core.api.exports import download, parse_format


class AuditChangeList(KeysetChangeList):
    """A list whose filters without an index scan a limited number of entries per page."""

    scan_limit = SCAN_LIMIT

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.form = AuditFilterForm(request.GET)
        self.root_queryset = self.form.indexed(self.root_queryset)
        rows = super().get_queryset(request, exclude_parameters)
        self.scanned_to = scan_boundary(rows) if self.form.is_searching else None
        return self.form.matching(rows.filter(pk__gte=self.scanned_to) if self.scanned_to else rows)

    @property
    def filter_values(self) -> list[tuple[str, str]]:
        """Return the filters again, for the export's form."""
        return list(self.form.values.items())


class AuditEntryAdmin(ConsoleAdmin):
    slug, icon, title = "record", "history", "Audit log"
    list_display = ("event", "actor", "resource", "outcome", "address", "when")
    list_display_links = ("event",)
    change_list_template = "console/audit_log.html"
    search_fields = ("actor_label",)
    search_help_text = "An e-mail address, an action such as user.suspended, or an ID such as usr_…"

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return AuditEntry.objects.visible_to(principal)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return queryset, False  # get_queryset has applied the search

    @admin.display(description="Action")
    def event(self, row: AuditEntry) -> str:
        return row.action

    @admin.display(description="Actor")
    def actor(self, row: AuditEntry) -> str:
        return row.actor_label or row.actor_type

    @admin.display(description="Target")
    def resource(self, row: AuditEntry) -> str:
        return row.resource_id

    @admin.display(description="Result")
    def outcome(self, row: AuditEntry) -> str:
        return format_html('<span class="console-badge {}">{}</span>', RESULTS[row.result], row.result)

    @admin.display(description="IP address")
    def address(self, row: AuditEntry) -> str:
        return row.ip_address or ""

    @admin.display(description="Time (UTC)")
    def when(self, row: AuditEntry) -> str:
        return time_tag(row.created_at)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return AuditChangeList

    def around(self, request: HttpRequest) -> dict[str, Any]:
        return {"chains": chain_badge()} if principal_of(request).tier is Tier.SUPER else {}

    def more_urls(self) -> list[URLPattern]:
        return [path("export/", self.admin_site.admin_view(require_POST(self.export)), name="audit_auditentry_export")]

    def export(self, request: HttpRequest) -> HttpResponse:
        """Export every entry that the filters match and the operator may see."""
        me, form, file_format = principal_of(request), AuditFilterForm(request.POST), parse_format(request.POST)
        if form.error:
            raise SuspiciousOperation(form.error)
        indexed = form.indexed(self.seen_by(me))

        def entries(batches: Iterator[list[Any]]) -> Iterator[dict[str, Any]]:
            for ids in batches:
                for row in AuditEntry.objects.filter(pk__in=ids).order_by("-pk").values(*wire.COLUMNS):
                    yield wire.entry(row, seen_by=me.tier)

        def start() -> Iterator[dict[str, Any]]:
            matching = form.matching(indexed)
            return entries(export(indexed, matching, actor=me, file_format=file_format, filters=form.values))

        is_let_in = partial(self.admin_site.has_access, request)
        return download(start, tuple(Entry().fields), "record", file_format, me, is_allowed=is_let_in)

    def parts(self, entry: AuditEntry, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield DefinitionList(
            "Event",
            [
                ("Action", entry.action),
                ("Result", Badge(entry.result, RESULTS[entry.result])),
                ("Target", f"{entry.resource_type} {entry.resource_id}".strip()),
                ("Time", entry.created_at),
                ("ID", entry.handle),
            ],
        )
        yield DefinitionList(
            "Actor",
            [
                ("Name", entry.actor_label or entry.actor_type),
                ("ID", entry.actor_id),
                ("Type", entry.actor_type),
                ("Tier", entry.actor_tier),
                ("IP address", entry.ip_address),
                ("User agent", entry.user_agent),
                ("Request ID", entry.request_id),
            ],
        )
        changes = wire.changes(entry.changes, seen_by=principal.tier).items()
        yield DefinitionList("Changes", [(name, json.dumps(value, ensure_ascii=False)) for name, value in changes])
        yield DefinitionList(
            "Audit log integrity",
            [
                ("Number", entry.number),
                ("Hash", bytes(entry.hash).hex()),
                ("Previous hash", bytes(entry.previous_hash).hex()),
            ],
        )
