"""Ending sessions at the console: first how far it would reach, then why, then exactly that, and how much it was."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.access import Principal
from core.api.admin import ConsoleAdmin, principal_of
from core.api.components import Link, Table, time_tag
from core.api.redirects import SeeOther
from core.humanize import how_many
from sessions_app.admin.filters import Asked
from sessions_app.operations import revoke_selected
from sessions_app.operations.bulk_revocation import MoreThanConfirmed, RevocationPreview, preview_revocation
from sessions_app.selection import Selection

LONGEST_REASON = 200
UNSAID = "Select the sessions to revoke first."
# One by one, within a request. A whole scope ends at once, however large it is.
MOST_AT_ONCE = 100_000


class EndingForm:
    """One form for sessions that were picked, for a scope, and for whatever a filter matches."""

    def __init__(self, admin: ConsoleAdmin) -> None:
        self.admin = admin

    @property
    def view(self) -> Any:
        return require_http_methods(["GET", "HEAD", "POST"])(self.answer)

    def answer(self, request: HttpRequest) -> HttpResponse:
        me = principal_of(request)
        asked = Asked(request.POST if request.method == "POST" else request.GET, me)
        if asked.selection is None or not asked.is_explicit:
            return self.shown(request, asked, None, HTTPStatus.UNPROCESSABLE_ENTITY, wrong=asked.error or UNSAID)
        if not asked.selection.is_endable:
            raise PermissionDenied
        if request.method != "POST":
            return self.shown(request, asked, preview_revocation(asked.selection))
        return self.end(request, asked, asked.selection, me)

    def end(self, request: HttpRequest, asked: Asked, selection: Selection, me: Principal) -> HttpResponse:
        reason = request.POST.get("reason", "").replace("\0", "").strip()
        agreed = agreed_in(request.POST)
        if not 0 < len(reason) <= LONGEST_REASON or agreed is None:
            words = f"Enter a reason (up to {LONGEST_REASON} characters). It is stored on every revoked session."
            return self.shown(
                request, asked, preview_revocation(selection), HTTPStatus.UNPROCESSABLE_ENTITY, wrong=words
            )
        if not selection.scope and agreed > MOST_AT_ONCE:
            return self.shown(request, asked, preview_revocation(selection), HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            ended = revoke_selected(selection, actor=me, reason=reason, at_most=agreed)
        except MoreThanConfirmed:
            words = "More sessions match now than when you confirmed. Review the new number and confirm again."
            return self.shown(
                request, asked, preview_revocation(selection), HTTPStatus.CONFLICT, wrong=words, reason=reason
            )
        assert ended.revocation  # noqa: S101 - whatever is selected, there is one that says so
        messages.success(request, f"{how_many(ended.count, 'session')} revoked.")
        return SeeOther(reverse("admin:sessions_app_revocation_change", args=[ended.revocation.handle]))

    def shown(
        self,
        request: HttpRequest,
        asked: Asked,
        blast: RevocationPreview | None,
        status: int = HTTPStatus.OK,
        wrong: str = "",
        reason: str = "",
    ) -> HttpResponse:
        is_whole = asked.selection is not None and asked.selection.scope is not None
        said = {
            "title": "Revoke sessions",
            "crumbs": [Link("Sessions", self.admin.list_url)],
            "asked": asked,
            "what": _what(asked, blast),
            "blast": blast,
            "wrong": wrong,
            "reason": reason or request.POST.get("reason", ""),
            "is_whole": is_whole,
            "is_too_many": blast is not None and not is_whole and blast.sessions > MOST_AT_ONCE,
            "most": MOST_AT_ONCE,
            "longest": LONGEST_REASON,
            "parts": [_sample(blast)] if blast and blast.sample else [],
        }
        return self.admin.rendered(request, "console/end.html", said, status)


def agreed_in(said: QueryDict) -> int | None:
    """To the end of how many sessions, by what their form had shown; None if it does not say."""
    number = said.get("at_most", "")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 12 else None


def _what(asked: Asked, blast: RevocationPreview | None) -> list[tuple[str, str]]:
    """As it was asked for; and where that was by an id of one person, who they are."""
    words = asked.in_words
    if blast and blast.users == 1 and blast.sample:
        whose = blast.sample[0].user_email
        words += [("E-mail", whose)] if whose not in dict(words).values() else []
    return words


def _sample(blast: RevocationPreview) -> Table:
    rows = [
        (
            Link(each.user_email, reverse("admin:sessions_app_session_change", args=[each.handle])),
            each.tenant_name,
            " · ".join(filter(None, (each.browser, each.os))) or "unknown",
            each.last_ip_address or each.ip_address or "",
            time_tag(each.last_activity_at),
        )
        for each in blast.sample
    ]
    title = "These sessions" if blast.sessions <= len(rows) else f"The newest {len(rows)} of these sessions"
    return Table(title, ("User", "Tenant", "Device", "IP address", "Last seen (UTC)"), rows)
