"""Revocations in the console: what each revoked, and how many session rows have been updated so far."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.html import format_html

from audit.admin import audit_panel
from core.access import Principal
from core.api.admin import ConsoleAdmin
from core.api.components import Badge, DefinitionList, Link, Table, time_tag
from sessions_app.admin.targets import handle_of, target_link, target_name
from sessions_app.models import Revocation, RevocationScope


class RevocationAdmin(ConsoleAdmin):
    slug, icon = "revocations", "block"
    list_display = ("scope", "target", "reason", "actor", "sessions", "created", "progress")
    list_display_links = ("scope",)
    page_template = "console/revocation.html"

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Revocation.objects.visible_to(principal)

    def annotate_rows(self, rows: QuerySet[Any], principal: Principal) -> QuerySet[Any]:
        return rows.annotate(target_name=target_name())

    def name_of(self, revocation: Any) -> str:
        return f"{revocation.target_name or revocation.get_reach_display()}: {revocation.reason}"

    @admin.display(description="Scope")
    def scope(self, row: Revocation) -> str:
        return str(row.get_reach_display())

    @admin.display(description="Target")
    def target(self, row: Any) -> str:
        return row.target_name or _target_handle(row)

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

    def parts(self, revocation: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield DefinitionList(
            "Details",
            [
                ("Sessions", f"{revocation.revoked_count:,}"),
                ("Scope", revocation.get_reach_display()),
                ("Target", _target(revocation, principal)),
                ("Target ID", _target_handle(revocation)),
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
        if audited_handle := _audited_handle(revocation):
            yield audit_panel((audited_handle,), principal)


def _target(revocation: Any, principal: Principal) -> Link | str:
    if not revocation.target_name:
        return ""
    return target_link(RevocationScope(revocation.reach), revocation.target_id, revocation.target_name, principal)


def _target_handle(revocation: Revocation) -> str:
    return handle_of(RevocationScope(revocation.reach), revocation.target_id) if revocation.target_id else ""


def _audited_handle(revocation: Revocation) -> str:
    """Return what the audit log has the revocation under: a single session's is under the session."""
    return _target_handle(revocation) if revocation.reach == RevocationScope.SESSION else revocation.handle


def progress_of(row: Revocation) -> Badge:
    """Show the progress of the sweep. The sessions have been refused since the revocation was committed."""
    return Badge("complete", "success") if row.swept_at else Badge("in progress", "warning")


def _selection(revocation: Revocation) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in (revocation.selection or {}).items() if name != "sessions"]


def _formatted(value: Any) -> str:
    return "yes" if value is True else str(value)
