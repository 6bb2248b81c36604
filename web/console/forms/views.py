"""A form's way: shown, typed into, judged by v1, done or shown again with what is wrong and all that was typed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import orjson
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from audit.api.refusal_log import record_refused_request
from audit.idempotency import Answer, KeyTaken, run_once
from core.access import Principal
from core.api.admin import ConsoleAdmin, principal_of
from core.api.components import Link
from core.api.errors import ErrorResponse
from core.api.redirects import SeeOther
from core.jsonb import dumps
from sessions_app.admin.revoke_view import agreed_in
from sessions_app.operations.bulk_revocation import MoreThanConfirmed, RevocationPreview, preview_revocation
from sessions_app.selection import Selection
from web.console.api_bridge import VIEWS, ask, ended_by, flaws_of, is_theirs, may, refusal
from web.console.errors import WORDS
from web.console.forms.definitions import FormDefinition, variant_of
from web.console.forms.form import Form
from web.console.shared import MORE_BY_NOW, done_with, hold_to, secret_page

SENT_BEFORE = (
    "This form was already sent with different content. Check what was created. To create another, send the form again."
)
NOT_THE_FORMS = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
ALREADY = "It was already created when you first sent this form. A secret is shown only that once."


@dataclass(frozen=True, slots=True)
class Place:
    """Whose form it is, about what, as it stands in v1's words and in which version."""

    request: HttpRequest
    admin: ConsoleAdmin
    plan: FormDefinition
    me: Principal
    thing: Any = None
    now: Mapping[str, Any] | None = None
    version: str = ""
    variant: str = ""

    @property
    def form(self) -> Form:
        return self.plan.form(self.me, self.thing, self.now, self.variant)

    @property
    def where(self) -> tuple[str, ...]:
        return (self.thing.handle,) if self.thing is not None else ()

    def read_again(self) -> "Place":
        if self.plan.is_new:
            return self
        told = ask(self.plan.model, "retrieve", self.me, self.thing.handle)
        return replace(self, now=told.data["data"], version=told.headers["ETag"].strip('"'))


def form_for(admin: ConsoleAdmin, plan: FormDefinition) -> Any:
    @require_http_methods(["GET", "HEAD", "POST"])
    def look(request: HttpRequest, handle: str = "") -> HttpResponse:
        me = principal_of(request)
        place = Place(request, admin, plan, me, admin.found(me, handle) if handle else None)
        if not may(plan.model, plan.action, me) or (handle and not is_theirs(place.thing, me)):
            raise PermissionDenied
        place = place.read_again()
        asked = request.POST if request.method == "POST" else request.GET
        place = replace(place, variant=variant_of(plan, place.now, asked.get(plan.variant, "")))
        if plan.variant and not place.variant:
            return which(place)
        return sent(place) if request.method == "POST" else shown(place, place.form)

    return look


def sent(place: Place) -> HttpResponse:
    form, said = place.form, place.request.POST
    form.read(said)
    body = form.body()
    if form.is_wrong:
        plan, unread = place.plan, {control.name for control in form.faults}
        also = flaws_of(plan.model, place.me, body, plan.serializer, None if plan.is_new else place.thing)
        if also:
            form.blame(also, but=unread)
        return shown(place, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    blast = would_end(place, form)
    agreed = agreed_in(said)
    if blast and agreed is None and blast.sessions:
        return shown(place, form, version=said.get("version", ""), blast=blast)
    try:
        return done(place, body, may_end=blast is not None)
    except MoreThanConfirmed:
        form.wrong.append(MORE_BY_NOW)
        blast = would_end(place, form)
        return shown(place, form, HTTPStatus.CONFLICT, version=said.get("version", ""), blast=blast)
    except KeyTaken:
        form.wrong.append(SENT_BEFORE)
        return shown(place, form, HTTPStatus.CONFLICT)
    except Exception as error:
        refused = refusal(error, place.plan.model)
        if refused is None or refused.status in NOT_THE_FORMS:
            raise
        record_refused_request(refused, place.request, place.me)
        return again(place, refused)


def again(place: Place, refused: ErrorResponse) -> HttpResponse:
    """As it stands by now, under what was typed."""
    place = place.read_again()
    form = place.form
    form.read(place.request.POST)
    said = WORDS[HTTPStatus.FORBIDDEN] if refused.status == HTTPStatus.FORBIDDEN else refused.words
    form.blame(replace(refused, words=said), unique=VIEWS[place.plan.model].unique.values())
    return shown(place, form, refused.status)


def would_end(place: Place, form: Form) -> RevocationPreview | None:
    """What ends with a change of these fields is told first, and agreed to."""
    ending = [reach for name, reach in place.plan.ends.items() if name in form.touched]
    if not ending or place.thing is None:
        return None
    return preview_revocation(Selection({ending[0]: place.thing.pk}, asked_by=place.me))


def done(place: Place, body: dict[str, Any], *, may_end: bool) -> HttpResponse:
    if place.plan.action == "create":
        return made(place, body)
    version = place.request.POST.get("version", "") if place.plan.action == "update" else "*"
    with transaction.atomic():
        ended = ended_by(ask(place.plan.model, place.plan.action, place.me, *place.where, data=body, version=version))
        if may_end:
            hold_to(place.request, ended)
    return onward(place, place.thing.handle, done_with(place.plan.made, ended))


def made(place: Place, body: dict[str, Any]) -> HttpResponse:
    """Sent again, by an impatient click or a page that is loaded anew, it makes nothing twice."""
    told: dict[str, Any] = {}

    def act() -> Answer:
        told.update(ask(place.plan.model, "create", place.me, data=body).data["data"])
        return Answer(HTTPStatus.CREATED, {}, told["id"])  # a secret is not kept

    answer, was_there = run_once(place.me, key_of(place), digest_of(body), act)
    if was_there:
        return onward(place, answer.body, ALREADY)
    if secret := told.get("client_secret"):
        return secret_page(place.request, place.admin, place.admin.found(place.me, answer.body), secret)
    return onward(place, answer.body, place.plan.made)


def key_of(place: Place) -> str:
    return f"console {place.plan.label} {place.request.POST.get('key', '')[:64] or uuid4().hex}"


def digest_of(body: dict[str, Any]) -> str:
    return hashlib.sha256(dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def onward(place: Place, handle: str, words: str) -> HttpResponse:
    messages.success(place.request, words)
    return SeeOther(place.admin.url_of(handle))


def shown(
    place: Place,
    form: Form,
    status: int = HTTPStatus.OK,
    *,
    version: str | None = None,
    blast: RevocationPreview | None = None,
) -> HttpResponse:
    said = {
        "form": form,
        "version": place.version if version is None else version,
        "key": uuid4().hex,
        "blast": blast,
        "label": place.plan.label.rstrip("…"),
    }
    return rendered(place, "console/form.html", said, status)


def which(place: Place) -> HttpResponse:
    """Of several shapes, one is chosen first."""
    choices = [Link(word, f"?{place.plan.variant}={word}") for word in place.plan.variants]
    return rendered(place, "console/which.html", {"choices": choices}, HTTPStatus.OK)


def rendered(place: Place, template: str, said: dict[str, Any], status: int) -> HttpResponse:
    admin, thing = place.admin, place.thing
    label = place.plan.label.rstrip("…")
    back = admin.url_of(thing.handle) if thing is not None else admin.list_url
    crumbs = [Link(admin.plural, admin.list_url), *([Link(str(thing), back)] if thing is not None else [])]
    title = f"{label}: {thing}" if thing is not None else label
    leave = "Cancel"
    around = {"title": title, "crumbs": crumbs, "back": back, "leave": leave}
    return admin.rendered(place.request, template, around | said, status)
