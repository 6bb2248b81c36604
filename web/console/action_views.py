"""The form of an act: what it does and how many sessions end with it, then a click, then what was done."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from audit.api.refusal_log import record_refused_request
from core.access import Principal
from core.api.admin import ConsoleAdmin, principal_of
from core.api.components import Link
from core.api.errors import ErrorResponse
from core.api.redirects import SeeOther
from sessions_app.operations.bulk_revocation import MoreThanConfirmed, preview_revocation
from sessions_app.selection import Selection
from web.console.actions import ACTS, Action, acts_for
from web.console.shared import MORE_BY_NOW, done_with, hold_to, secret_page

NOT_NOW = "No change needed: this has already been done."


def form_on(admin: ConsoleAdmin) -> Any:
    @require_http_methods(["GET", "HEAD", "POST"])
    def form(request: HttpRequest, handle: str, name: str) -> HttpResponse:
        me = principal_of(request)
        thing = admin.found(me, handle)
        if name not in {act.name for act in ACTS[type(thing)]}:
            raise Http404
        act = next((act for act in acts_for(thing, me) if act.name == name), None)
        if act is None:
            raise PermissionDenied
        if not act.is_open(thing):
            messages.info(request, NOT_NOW)
            return SeeOther(admin.url_of(thing.handle))
        return (
            carry_out(request, admin, thing, act, me) if request.method == "POST" else shown(request, admin, thing, act)
        )

    return form


def carry_out(request: HttpRequest, admin: ConsoleAdmin, thing: Any, act: Action, me: Principal) -> HttpResponse:
    seen = frozenset([request.POST.get("version", "")])
    try:
        with transaction.atomic():
            ended = act.carry_out(thing, me, seen)
            if act.ends and isinstance(ended, int):
                hold_to(request, ended)
    except MoreThanConfirmed:
        return shown(request, admin, admin.found(me, thing.handle), act, HTTPStatus.CONFLICT, MORE_BY_NOW)
    except tuple(act.refusals or ()) as refusal:
        words = next(words for kind, words in (act.refusals or {}).items() if isinstance(refusal, kind))
        said = words(refusal) if callable(words) else words
        record_refused_request(ErrorResponse(HTTPStatus.CONFLICT, said), request, me)
        return shown(request, admin, thing, act, HTTPStatus.CONFLICT, said)
    if isinstance(ended, str):
        return secret_page(request, admin, thing, ended)
    messages.success(request, done_with(act.done, ended))
    return SeeOther(admin.list_url if act.is_the_last else admin.url_of(thing.handle))


def shown(
    request: HttpRequest, admin: ConsoleAdmin, thing: Any, act: Action, status: int = HTTPStatus.OK, wrong: str = ""
) -> HttpResponse:
    selection = Selection({act.ends: thing.pk}, asked_by=principal_of(request)) if act.ends else None
    obstacle = act.obstacle(thing)
    said = {
        "title": f"{act.label.rstrip('…')}: {thing}",
        "crumbs": [Link(admin.plural, admin.list_url), Link(str(thing), admin.url_of(thing.handle))],
        "thing": thing,
        "act": act,
        "label": act.label.rstrip("…"),
        "back": admin.url_of(thing.handle),
        "blast": preview_revocation(selection) if selection else None,
        "wrong": wrong or obstacle,
        "is_barred": bool(obstacle),
    }
    return admin.rendered(request, "console/act.html", said, status)
