"""The sessions at the console: the list, each one's whole story, and the way to its end."""

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
from core.api.exports import download, format_in
from core.humanize import how_long, how_many
from core.ids import Prefix, encode_id
from sessions_app.admin.filters import LOOKED_AT, STATES, Asked
from sessions_app.admin.revoke_view import EndingForm
from sessions_app.endings import ending_of
from sessions_app.models import Revocation, SessionState, State
from sessions_app.operations.session_export import COLUMNS, export_list
from sessions_app.reads import live_counts

KINDS = {State.LIVE: "success", State.EXPIRED: "warning", State.REVOKED: "danger"}


class SessionList(KeysetChangeList):
    looked_at = LOOKED_AT

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.form = Asked(request.GET, principal_of(request))
        self.root_queryset = self.form.rows()
        rows = super().get_queryset(request, exclude_parameters)
        self.looked_to = self.form.looked_through_to(self.after)
        return rows.filter(pk__gte=self.looked_to) if self.looked_to else rows

    @property
    def said(self) -> list[tuple[str, str]]:
        """The same again, for a file of it."""
        return [*self.form.pairs, ("state", str(self.form.state))]

    @property
    def told(self) -> str:
        """How many there are, where that is counted as they come and go."""
        whole = self.form.whole
        if whole is None:
            return ""
        return how_many(live_counts.live_count(*whole), "active session")


class SessionAdmin(ConsoleAdmin):
    slug, icon = "sessions", "devices"
    list_display = ("pick", "who", "tenant", "device", "address", "last_seen", "opened", "state_badge")
    list_display_links = ("who",)
    change_list_template = "console/sessions.html"

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return SessionState.objects.visible_to(principal)

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant", "application").with_is_current(principal).with_applications()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return SessionList

    def more_urls(self) -> list[URLPattern]:
        form = EndingForm(self)
        guarded = self.admin_site.admin_view
        return [
            path("end/", guarded(form.view), name="sessions_app_session_end"),
            path("export/", guarded(require_POST(self.export)), name="sessions_app_session_export"),
        ]

    def export(self, request: HttpRequest) -> HttpResponse:
        """All that the list would show, as far as they see."""
        me, file_format = principal_of(request), format_in(request.POST)
        form = Asked(request.POST, me)
        if form.selection is None:
            raise SuspiciousOperation(form.error)
        asked = {**form.selection.as_json(), "state": str(form.state)}

        def taken() -> Iterable[dict[str, Any]]:
            return export_list(form.rows(), form.looked_through_to, actor=me, file_format=file_format, asked=asked)

        still = partial(self.admin_site.lets_in, request)
        return download(taken, COLUMNS, "sessions", file_format, me, is_let_in=still)

    @admin.display(description="Select")
    def pick(self, row: Any) -> str:
        words = f"Select the session of {row.user_email}"
        picked = '<input type="checkbox" name="session" value="{}" form="picked" class="console-pick" aria-label="{}">'
        return format_html(picked, row.handle, words) if row.state == State.LIVE else ""

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
        return format_html('<span class="console-badge {}">{}</span>', KINDS[row.state], STATES[row.state])

    def name_of(self, thing: SessionState) -> str:
        return f"Session of {thing.user_email}"

    def acts(self, thing: Any, principal: Principal) -> Iterable[Link]:
        end, usr = reverse("admin:sessions_app_session_end"), encode_id(Prefix.USER, thing.user_id)
        if thing.state == State.LIVE:
            yield Link("Revoke this session…", f"{end}?session={thing.handle}")
        yield Link("Revoke all sessions of this user…", f"{end}?user={usr}")
        yield Link("Show all sessions of this user", f"{self.list_url}?user={usr}&state=any")
        if thing.last_ip_address:
            yield Link("Show all from this IP address", f"{self.list_url}?ip={thing.last_ip_address}")

    def parts(self, thing: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        end = ending_of(vars(thing))
        yield DefinitionList("Details", _identity(thing))
        yield DefinitionList("Device and location", _place(thing))
        if thing.state != State.LIVE:
            yield DefinitionList("End", _ending(end, principal))
        story = sorted(_story(thing, end), key=lambda line: line[0])
        yield Table("Timeline", ("Time", "Event"), story)
        yield audit_panel((thing.handle,), principal)


def _identity(thing: Any) -> list[tuple[str, Any]]:
    return [
        ("State", Badge(STATES[thing.state], KINDS[thing.state])),
        ("ID", thing.handle),
        (
            "User",
            Link(thing.user_email, reverse("admin:accounts_user_change", args=[encode_id(Prefix.USER, thing.user_id)])),
        ),
        ("Tenant", thing.tenant_name),
        ("Role at sign-in", thing.role),
        ("Signed in with", thing.auth_method),
        ("Application", thing.application.name if thing.application else ""),
        ("Current session", "yes, this is your own session" if thing.is_current else ""),
        ("Expires", thing.expires_at),
        ("Idle timeout", how_long(thing.idle_limit.total_seconds())),
    ]


def _place(thing: SessionState) -> list[tuple[str, Any]]:
    moved = thing.last_ip_address if thing.last_ip_address != thing.ip_address else ""
    return [
        ("Device", thing.device_type or "unknown"),
        ("Browser", thing.browser),
        ("Operating system", thing.os),
        ("User agent", thing.user_agent),
        ("IP address", thing.ip_address),
        ("Last seen at IP address", moved),
        ("Location", thing.location),
        ("Country", thing.country),
    ]


def _ending(end: Any, principal: Principal) -> list[tuple[str, Any]]:
    by_act: Link | str = ""
    if end.revocation_id:
        handle = encode_id(Prefix.REVOCATION, end.revocation_id)
        is_theirs_to_see = Revocation.objects.visible_to(principal).filter(pk=end.revocation_id).exists()
        place = reverse("admin:sessions_app_revocation_change", args=[handle])
        by_act = Link(handle, place) if is_theirs_to_see else handle
    return [("Time", end.at), ("Actor", end.by), ("Reason", end.reason), ("Revocation", by_act)]


def _story(thing: Any, end: Any) -> Iterable[tuple[datetime, str]]:
    yield thing.created_at, f"signed in with {thing.auth_method} from {thing.ip_address or 'an unknown IP address'}"
    for reached in thing.reached:
        yield datetime.fromisoformat(reached["accessed_at"]), f"used {reached['name']}"
    if thing.refreshed_at:
        yield thing.refreshed_at, "tokens refreshed"
    yield thing.last_activity_at, f"last seen at {thing.last_ip_address or 'an unknown IP address'}"
    if end.at:
        yield end.at, f"ended: {end.reason}"
