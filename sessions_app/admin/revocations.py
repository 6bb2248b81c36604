"""The acts of ending sessions at the console: how much each ended, and how far the sweep has written it down."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html

from audit.admin import audit_panel
from core.access import Principal
from core.api.admin import ConsoleAdmin
from core.api.components import Badge, DefinitionList, Link, Table, time_tag
from core.ids import Prefix, encode_id
from sessions_app.models import Reach, Revocation

PAGES = {
    Reach.APPLICATION: "accounts_application",
    Reach.PARTNER: "tenancy_partner",
    Reach.SESSION: "sessions_app_session",
    Reach.TENANT: "tenancy_tenant",
    Reach.USER: "accounts_user",
}


class RevocationAdmin(ConsoleAdmin):
    slug, icon = "revocations", "block"
    list_display = ("what", "reason", "actor", "ended", "made", "progress")
    list_display_links = ("what",)
    page_template = "console/revocation.html"

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Revocation.objects.visible_to(principal)

    @admin.display(description="Scope")
    def what(self, row: Revocation) -> str:
        return str(row.get_reach_display())

    @admin.display(description="Actor")
    def actor(self, row: Revocation) -> str:
        return row.actor_label

    @admin.display(description="Sessions revoked")
    def ended(self, row: Revocation) -> str:
        return f"{row.revoked_count:,}"

    @admin.display(description="Time (UTC)")
    def made(self, row: Revocation) -> str:
        return time_tag(row.created_at)

    @admin.display(description="Progress")
    def progress(self, row: Revocation) -> str:
        badge = progress_of(row)
        return format_html('<span class="console-badge {}">{}</span>', badge.kind, badge.text)

    def parts(self, thing: Revocation, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield DefinitionList(
            "Details",
            [
                ("Sessions", f"{thing.revoked_count:,}"),
                ("Scope", thing.get_reach_display()),
                ("Target", _target(thing)),
                ("Reason", thing.reason),
                ("Actor", thing.actor_label),
                ("Time", thing.created_at),
                ("ID", thing.handle),
                *((f"Filter: {name.replace('_', ' ')}", _told(value)) for name, value in _selection(thing)),
            ],
        )
        yield DefinitionList(
            "Progress",
            [
                ("State", progress_of(thing)),
                ("Session records updated", f"{thing.swept_count:,}"),
                ("Finished at", thing.swept_at),
            ],
        )
        yield audit_panel((thing.handle,), principal)


def _target(thing: Revocation) -> Link | str:
    page = PAGES.get(Reach(thing.reach))
    if page is None or thing.target_id is None:
        return ""
    handle = encode_id(Prefix[thing.reach.upper()], thing.target_id)
    return Link(handle, reverse(f"admin:{page}_change", args=[handle]))


def progress_of(row: Revocation) -> Badge:
    """Whatever it says: the sessions are over since the act was committed."""
    return Badge("complete", "success") if row.swept_at else Badge("in progress", "warning")


def _selection(thing: Revocation) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in (thing.selection or {}).items() if name != "sessions"]


def _told(value: Any) -> str:
    return "yes" if value is True else str(value)
