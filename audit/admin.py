"""The record at the console, and what other pages quote of it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from audit.models import AuditEntry
from core.access import Principal
from core.console import Badge, ConsoleAdmin, Facts, Link, Table, at

RESULTS = {"success": "success", "denied": "danger", "failure": "warning"}
QUOTED = 20


class AuditEntryAdmin(ConsoleAdmin):
    slug, icon, title = "record", "history", "Record"
    list_display = ("what", "actor", "resource", "outcome", "address", "when")
    list_display_links = ("what",)
    search_fields = ("actor_label",)
    search_help_text = "An e-mail address, an action such as user.suspended, or an id such as usr_…"

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return AuditEntry.objects.visible_to(principal)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Exact words, which an index knows: the record is too long to be leafed through."""
        word = search_term.strip()
        exact = Q(actor_label=word) | Q(actor_id=word) | Q(resource_id=word) | Q(action=word)
        return (queryset.filter(exact) if word else queryset), False

    @admin.display(description="Action")
    def what(self, row: AuditEntry) -> str:
        return row.action

    @admin.display(description="By")
    def actor(self, row: AuditEntry) -> str:
        return row.actor_label or row.actor_type

    @admin.display(description="On")
    def resource(self, row: AuditEntry) -> str:
        return row.resource_id

    @admin.display(description="Result")
    def outcome(self, row: AuditEntry) -> str:
        return format_html('<span class="console-badge {}">{}</span>', RESULTS[row.result], row.result)

    @admin.display(description="From")
    def address(self, row: AuditEntry) -> str:
        return row.ip_address or ""

    @admin.display(description="When (UTC)")
    def when(self, row: AuditEntry) -> str:
        return at(row.created_at)

    def parts(self, thing: AuditEntry, principal: Principal) -> Iterable[Facts | Table]:
        yield Facts(
            "What was done",
            [
                ("Action", thing.action),
                ("Result", Badge(thing.result, RESULTS[thing.result])),
                ("On", f"{thing.resource_type} {thing.resource_id}".strip()),
                ("When", thing.created_at),
                ("Id", thing.handle),
            ],
        )
        yield Facts(
            "Who did it",
            [
                ("By", thing.actor_label or thing.actor_type),
                ("Id", thing.actor_id),
                ("Kind", thing.actor_type),
                ("Tier", thing.actor_tier),
                ("From", thing.ip_address),
                ("User agent", thing.user_agent),
                ("Request", thing.request_id),
            ],
        )
        changes = [(name, json.dumps(value, ensure_ascii=False)) for name, value in thing.changes.items()]
        yield Facts("What it says", changes)
        chain = [("Number", thing.number), ("Hash", bytes(thing.hash).hex())]
        yield Facts("Its place in the chain", [*chain, ("Before it", bytes(thing.previous_hash).hex())])


def record_of(handles: Sequence[str], principal: Principal) -> Table:
    """What was done to these, the newest first, as far as the operator may read of it."""
    rows = AuditEntry.objects.visible_to(principal).filter(resource_id__in=handles).order_by("-pk")[:QUOTED]
    lines = [
        (
            each.created_at,
            Link(each.action, reverse("admin:audit_auditentry_change", args=[each.handle])),
            each.actor_label or each.actor_type,
            Badge(each.result, RESULTS[each.result]),
            each.changes.get("reason", ""),
        )
        for each in rows
    ]
    more = Link("All of it", f"{reverse('admin:audit_auditentry_changelist')}?q={handles[0]}")
    return Table(
        "On record",
        ("When", "What", "By", "Result", "Why"),
        lines,
        empty="Nothing yet.",
        more=more if len(lines) == QUOTED else None,
    )
