"""Sessions in the console: the list, and a page with each session's details and timeline."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from audit.admin import audit_panel
from core.access import Principal
from core.api.admin import ConsoleAdmin, KeysetChangeList, principal_of
from core.api.components import Badge, DefinitionList, Link, Table, time_tag
from core.api.exports import download, parse_format
from core.humanize import how_long, how_many
from core.ids import Prefix, encode_id
from sessions_app.admin.filters import SCAN_LIMIT, STATES, SessionFilterForm
from sessions_app.admin.revoke_view import RevokeView
from sessions_app.endings import ending_of
from sessions_app.models import Revocation, SessionState, State
from sessions_app.operations.session_export import COLUMNS, export_list
from sessions_app.reads import live_counts

BADGE_KINDS = {State.LIVE: "success", State.EXPIRED: "warning", State.REVOKED: "danger"}


class SessionList(KeysetChangeList):
    scan_limit = SCAN_LIMIT

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.form = SessionFilterForm(request.GET, principal_of(request))
        self.root_queryset = self.form.rows()
        rows = super().get_queryset(request, exclude_parameters)
        self.scanned_to = self.form.scan_boundary(self.after)
        return rows.filter(pk__gte=self.scanned_to) if self.scanned_to else rows

    @property
    def export_pairs(self) -> list[tuple[str, str]]:
        """The names and values of the filter, for the export form."""
        return [*self.form.pairs, ("state", STATES[self.form.state])]

    @property
    def count_text(self) -> str:
        """The number of sessions, if a counter knows it."""
        whole_scope = self.form.whole_scope
        if whole_scope is None:
            return ""
        return how_many(live_counts.live_count(*whole_scope), "active session")


class SessionAdmin(ConsoleAdmin):
    slug, icon = "sessions", "devices"
    list_display = ("pick", "who", "tenant", "device", "address", "last_seen", "opened", "state_badge")
    list_display_links = ("who",)
    change_list_template = "console/sessions.html"

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return SessionState.objects.visible_to(principal)

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant", "application").with_is_current(principal).with_applications()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return SessionList

    def more_urls(self) -> list[URLPattern]:
        form = RevokeView(self)
        guarded = self.admin_site.admin_view
        return [
            path("end/", guarded(form.view), name="sessions_app_session_end"),
            path("export/", guarded(require_POST(self.export)), name="sessions_app_session_export"),
        ]

    def export(self, request: HttpRequest) -> HttpResponse:
        """Export everything that the list shows, not only the current page."""
        me, file_format = principal_of(request), parse_format(request.POST)
        form = SessionFilterForm(request.POST, me)
        if form.selection is None:
            raise SuspiciousOperation(form.error)
        filters = {**form.selection.as_json(), "state": str(form.state)}

        def rows() -> Iterable[dict[str, Any]]:
            return export_list(form.rows(), form.scan_boundary, actor=me, file_format=file_format, filters=filters)

        is_still_allowed = partial(self.admin_site.has_access, request)
        return download(rows, COLUMNS, "sessions", file_format, me, is_allowed=is_still_allowed)

    @admin.display(description="Select")
    def pick(self, row: Any) -> str:
        label = f"Select the session of {row.user_email}"
        checkbox = (
            '<input type="checkbox" name="session" value="{}" form="picked" class="console-pick" aria-label="{}">'
        )
        return format_html(checkbox, row.handle, label) if row.state == State.LIVE else ""

    @admin.display(description="User")
    def who(self, row: Any) -> str:
        return f"{row.user_email} (this session)" if row.is_current else row.user_email

    @admin.display(description="Device")
    def device(self, row: SessionState) -> str:
        return " · ".join(filter(None, (row.browser, row.os, row.device_type))) or "unknown"

    @admin.display(description="IP address")
    def address(self, row: SessionState) -> str:
        return " · ".join(filter(None, (row.last_ip_address or row.ip_address, row.location)))

    @admin.display(description="Last seen (UTC)")
    def last_seen(self, row: SessionState) -> str:
        return time_tag(row.last_activity_at)

    @admin.display(description="Signed in (UTC)")
    def opened(self, row: SessionState) -> str:
        return time_tag(row.created_at)

    @admin.display(description="State")
    def state_badge(self, row: Any) -> str:
        return format_html('<span class="console-badge {}">{}</span>', BADGE_KINDS[row.state], STATES[row.state])

    def name_of(self, session: SessionState) -> str:
        return f"Session of {session.user_email}"

    def acts(self, session: Any, principal: Principal) -> Iterable[Link]:
        end, user_id = reverse("admin:sessions_app_session_end"), encode_id(Prefix.USER, session.user_id)
        if session.state == State.LIVE:
            yield Link("Revoke this session…", f"{end}?session={session.handle}")
        yield Link("Revoke all sessions of this user…", f"{end}?user={user_id}")
        yield Link("Show all sessions of this user", f"{self.list_url}?user={user_id}&state=any")
        if session.last_ip_address:
            yield Link("Show all from this IP address", f"{self.list_url}?ip={session.last_ip_address}")

    def parts(self, session: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        ending = ending_of(vars(session))
        yield DefinitionList("Details", _identity(session))
        yield DefinitionList("Device and location", _device_and_location(session))
        if session.state != State.LIVE:
            yield DefinitionList("End", _end_facts(ending, principal))
        timeline = sorted(_timeline(session, ending), key=lambda line: line[0])
        yield Table("Timeline", ("Time", "Event"), timeline)
        yield audit_panel((session.handle,), principal)


def _identity(session: Any) -> list[tuple[str, Any]]:
    return [
        ("State", Badge(STATES[session.state], BADGE_KINDS[session.state])),
        ("ID", session.handle),
        (
            "User",
            Link(
                session.user_email,
                reverse("admin:accounts_user_change", args=[encode_id(Prefix.USER, session.user_id)]),
            ),
        ),
        ("Tenant", session.tenant_name),
        ("Role at sign-in", session.role),
        ("Signed in with", session.auth_method),
        ("Application", session.application.name if session.application else ""),
        ("Current session", "yes, this is your own session" if session.is_current else ""),
        ("Expires", session.expires_at),
        ("Idle timeout", how_long(session.idle_limit.total_seconds())),
    ]


def _device_and_location(session: SessionState) -> list[tuple[str, Any]]:
    last_address = session.last_ip_address if session.last_ip_address != session.ip_address else ""
    return [
        ("Device", session.device_type or "unknown"),
        ("Browser", session.browser),
        ("Operating system", session.os),
        ("User agent", session.user_agent),
        ("IP address", session.ip_address),
        ("Last seen at IP address", last_address),
        ("Location", session.location),
        ("Country", session.country),
    ]


def _end_facts(ending: Any, principal: Principal) -> list[tuple[str, Any]]:
    revocation: Link | str = ""
    if ending.revocation_id:
        handle = encode_id(Prefix.REVOCATION, ending.revocation_id)
        may_see_revocation = Revocation.objects.visible_to(principal).filter(pk=ending.revocation_id).exists()
        url = reverse("admin:sessions_app_revocation_change", args=[handle])
        revocation = Link(handle, url) if may_see_revocation else handle
    return [("Time", ending.at), ("Actor", ending.by), ("Reason", ending.reason), ("Revocation", revocation)]


def _timeline(session: Any, ending: Any) -> Iterable[tuple[datetime, str]]:
    yield (
        session.created_at,
        f"signed in with {session.auth_method} from {session.ip_address or 'an unknown IP address'}",
    )
    for use in session.application_uses:
        yield datetime.fromisoformat(use["accessed_at"]), f"used {use['name']}"
    if session.refreshed_at:
        yield session.refreshed_at, "tokens refreshed"
    yield session.last_activity_at, f"last seen at {session.last_ip_address or 'an unknown IP address'}"
    if ending.at:
        yield ending.at, f"ended: {ending.reason}"
