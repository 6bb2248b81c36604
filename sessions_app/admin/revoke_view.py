"""The console page that revokes sessions, once the operator has seen how many and entered a reason."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.access import Principal
from core.api.admin import ConsoleAdmin, principal_of
from core.api.components import Link, Table, time_tag
from core.api.redirects import SeeOther
from core.humanize import how_many
from sessions_app.admin.confirmation import MORE_SESSIONS, confirmed_count
from sessions_app.admin.filters import SessionFilterForm
from sessions_app.operations import revoke_selected
from sessions_app.operations.bulk_revocation import MoreThanConfirmed
from sessions_app.reads.revocation_preview import RevocationPreview, preview_revocation
from sessions_app.selection import Selection

MAX_REASON_LENGTH = 200
NOTHING_SELECTED = "Select the sessions to revoke first."
REASON_MISSING = f"Enter a reason (up to {MAX_REASON_LENGTH} characters). It is stored on every revoked session."
# Sessions that are revoked one by one within a request. A whole scope has no limit, since its floor is raised at once.
MAX_BY_FILTER = 100_000


class RevokeView:
    """Revoke selected sessions, a whole scope, or whatever matches a filter."""

    def __init__(self, admin: ConsoleAdmin) -> None:
        self.admin = admin

    @property
    def view(self) -> Any:
        return require_http_methods(["GET", "HEAD", "POST"])(self.dispatch)

    def dispatch(self, request: HttpRequest) -> HttpResponse:
        me = principal_of(request)
        form = SessionFilterForm(request.POST if request.method == "POST" else request.GET, me)
        if form.selection is None or not form.is_explicit:
            error = form.error or NOTHING_SELECTED
            return self.render(request, form, None, HTTPStatus.UNPROCESSABLE_ENTITY, error=error)
        if not form.selection.may_revoke_scope:
            raise PermissionDenied
        if request.method != "POST":
            return self.render(request, form, preview_revocation(form.selection))
        return self.revoke(request, form, form.selection, me)

    def revoke(
        self, request: HttpRequest, form: SessionFilterForm, selection: Selection, me: Principal
    ) -> HttpResponse:
        reason = request.POST.get("reason", "").replace("\0", "").strip()
        confirmed = confirmed_count(request.POST)
        if not 0 < len(reason) <= MAX_REASON_LENGTH or confirmed is None:
            preview = preview_revocation(selection)
            return self.render(request, form, preview, HTTPStatus.UNPROCESSABLE_ENTITY, error=REASON_MISSING)
        if not selection.whole_scope and confirmed > MAX_BY_FILTER:
            return self.render(request, form, preview_revocation(selection), HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            result = revoke_selected(selection, actor=me, reason=reason, at_most=confirmed)
        except MoreThanConfirmed:
            preview = preview_revocation(selection)
            return self.render(request, form, preview, HTTPStatus.CONFLICT, error=MORE_SESSIONS, reason=reason)
        assert result.revocation  # noqa: S101 - revoke_selected always creates one
        messages.success(request, f"{how_many(result.count, 'session')} revoked.")
        return SeeOther(reverse("admin:sessions_app_revocation_change", args=[result.revocation.handle]))

    def render(
        self,
        request: HttpRequest,
        form: SessionFilterForm,
        preview: RevocationPreview | None,
        status: int = HTTPStatus.OK,
        error: str = "",
        reason: str = "",
    ) -> HttpResponse:
        is_whole_scope = form.selection is not None and form.selection.whole_scope is not None
        context = {
            "title": _title(form),
            "crumbs": [Link("Sessions", self.admin.list_url)],
            "form": form,
            "summary": _summary(form, preview),
            "preview": preview,
            "error": error,
            "reason": reason or request.POST.get("reason", ""),
            "is_whole_scope": is_whole_scope,
            "is_too_many": preview is not None and not is_whole_scope and preview.sessions > MAX_BY_FILTER,
            "max_by_filter": MAX_BY_FILTER,
            "max_reason_length": MAX_REASON_LENGTH,
            "parts": [_sample(preview)] if preview and preview.sample else [],
        }
        return self.admin.rendered(request, "console/end.html", context, status)


def _title(form: SessionFilterForm) -> str:
    """Name the target in the title, if there is exactly one."""
    names = [target.text if isinstance(target, Link) else target for target in form.targets.values()]
    return f"Revoke sessions of {names[0]}" if len(names) == 1 else "Revoke sessions"


def _summary(form: SessionFilterForm, preview: RevocationPreview | None) -> list[tuple[str, Link | str]]:
    """Describe the selection. If one user has all of its sessions, add the user's e-mail address."""
    summary = form.summary
    if preview and preview.users == 1 and preview.sample and "user" not in form.targets:
        email = preview.sample[0].user_email
        summary.append(("E-mail", email))
    return summary


def _sample(preview: RevocationPreview) -> Table:
    rows = [
        (
            Link(each.user_email, reverse("admin:sessions_app_session_change", args=[each.handle])),
            each.tenant_name,
            " · ".join(filter(None, (each.browser, each.os))) or "unknown",
            each.last_ip_address or each.ip_address or "",
            time_tag(each.last_activity_at),
        )
        for each in preview.sample
    ]
    title = "These sessions" if preview.sessions <= len(rows) else f"The newest {len(rows)} of these sessions"
    return Table(title, ("User", "Tenant", "Device", "IP address", "Last seen (UTC)"), rows)
