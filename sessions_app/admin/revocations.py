"""Revocations in the console: what each revoked, and how many session rows have been updated so far."""

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
from sessions_app.models import Revocation, RevocationScope

PAGES = {
    RevocationScope.APPLICATION: "accounts_application",
    RevocationScope.PARTNER: "tenancy_partner",
    RevocationScope.SESSION: "sessions_app_session",
    RevocationScope.TENANT: "tenancy_tenant",
    RevocationScope.USER: "accounts_user",
}


class RevocationAdmin(ConsoleAdmin):
    slug, icon = "revocations", "block"
    list_display = ("scope", "reason", "actor", "sessions", "created", "progress")
    list_display_links = ("scope",)
    page_template = "console/revocation.html"

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Revocation.objects.visible_to(principal)

    @admin.display(description="Scope")
    def scope(self, row: Revocation) -> str:
        return str(row.get_reach_display())

    @admin.display(description="Actor")
    def actor(self, row: Revocation) -> str:
        return row.actor_label

    @admin.display(description="Sessions revoked")
    def sessions(self, row: Revocation) -> str:
        return f"{row.revoked_count:,}"

    @admin.display(description="Time (UTC)")
    def created(self, row: Revocation) -> str:
        return time_tag(row.created_at)

    @admin.display(description="Progress")
    def progress(self, row: Revocation) -> str:
        badge = progress_of(row)
        return format_html('<span class="console-badge {}">{}</span>', badge.kind, badge.text)

    def parts(self, revocation: Revocation, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield DefinitionList(
            "Details",
            [
                ("Sessions", f"{revocation.revoked_count:,}"),
                ("Scope", revocation.get_reach_display()),
                ("Target", _target(revocation)),
                ("Reason", revocation.reason),
                ("Actor", revocation.actor_label),
                ("Time", revocation.created_at),
                ("ID", revocation.handle),
                *((f"Filter: {name.replace('_', ' ')}", _formatted(value)) for name, value in _selection(revocation)),
            ],
        )
        yield DefinitionList(
            "Progress",
            [
                ("State", progress_of(revocation)),
                ("Session records updated", f"{revocation.swept_count:,}"),
                ("Finished at", revocation.swept_at),
            ],
        )
        yield audit_panel((revocation.handle,), principal)


def _target(revocation: Revocation) -> Link | str:
    page = PAGES.get(RevocationScope(revocation.reach))
    if page is None or revocation.target_id is None:
        return ""
    handle = encode_id(Prefix[revocation.reach.upper()], revocation.target_id)
    return Link(handle, reverse(f"admin:{page}_change", args=[handle]))


def progress_of(row: Revocation) -> Badge:
    """Show the progress of the sweep. The sessions have been refused since the revocation was committed."""
    return Badge("complete", "success") if row.swept_at else Badge("in progress", "warning")


def _selection(revocation: Revocation) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in (revocation.selection or {}).items() if name != "sessions"]


def _formatted(value: Any) -> str:
    return "yes" if value is True else str(value)
