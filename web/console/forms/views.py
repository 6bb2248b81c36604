"""The views of forms: render, submit, validate by the serializer, and apply or render again with the errors."""

import hashlib
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
from rest_framework.exceptions import ValidationError

from audit.api.refusal_log import record_refused_request
from audit.idempotency import Answer, KeyTaken, run_once
from core.access import Principal
from core.api.admin import ConsoleAdmin, principal_of
from core.api.components import Link
from core.api.errors import ErrorResponse
from core.api.redirects import SeeOther
from core.api.serializers import ResourceInput
from core.jsonb import dumps
from sessions_app.admin.confirmation import MORE_SESSIONS, confirmed_count, require_confirmation
from sessions_app.operations.bulk_revocation import MoreThanConfirmed
from sessions_app.reads.revocation_preview import RevocationPreview, preview_revocation
from sessions_app.selection import Selection
from web.console.errors import MESSAGES
from web.console.forms.definitions import FormDefinition, variant_of
from web.console.forms.form import Form
from web.console.resources import RESOURCES, error_response, is_writable
from web.console.shared import secret_page, with_session_count

KEY_TAKEN = (
    "This form was already sent with different content. Check what was created. To create another, send the form again."
)
ALREADY_CREATED = "It was already created when you first sent this form. A secret is shown only that once."
OWN_PAGES = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class FormContext:
    """A request to a form, with the instance that the form is about, if there is one."""

    request: HttpRequest
    admin: ConsoleAdmin
    definition: FormDefinition
    principal: Principal
    instance: Any = None
    variant: str = ""

    def form(self) -> Form:
        return self.definition.form(self.principal, self.instance, self.variant)

    def bound_form(self) -> Form:
        form = self.form()
        form.bind(self.request.POST)
        return form

    def reloaded(self) -> "FormContext":
        if self.instance is None:
            return self
        return replace(self, instance=self.admin.get_object_or_404(self.principal, self.instance.handle))

    def serializer(self, data: dict[str, Any]) -> ResourceInput:
        """With the version that the operator has seen, where it matters."""
        versions = frozenset([self.version]) if self.definition.is_update else None
        context = {"principal": self.principal, "versions": versions}
        is_update = self.definition.is_update
        return self.definition.serializer_class(self.instance, data=data, partial=is_update, context=context)

    @property
    def version(self) -> str:
        return self.request.POST.get("version", "")


def form_view(admin: ConsoleAdmin, definition: FormDefinition) -> Any:
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, handle: str = "") -> HttpResponse:
        principal = principal_of(request)
        instance = admin.get_object_or_404(principal, handle) if handle else None
        if not definition.is_allowed(principal) or (instance and not is_writable(instance, principal)):
            raise PermissionDenied
        query = request.POST if request.method == "POST" else request.GET
        variant = variant_of(definition, instance, query.get(definition.variant, ""))
        context = FormContext(request, admin, definition, principal, instance, variant)
        if definition.variant and not variant:
            return choose_variant(context)
        return submit(context) if request.method == "POST" else render_form(context, context.form())

    return view


def submit(context: FormContext) -> HttpResponse:
    form = context.bound_form()
    data = form.data()
    if form.has_errors:
        return render_unreadable(context, form, data)
    preview = preview_of(context, form)
    if preview and preview.sessions and confirmed_count(context.request.POST) is None:
        return render_form(context, form, version=context.version, preview=preview)
    try:
        return apply(context, data, needs_confirmation=preview is not None)
    except MoreThanConfirmed:
        form.errors.append(MORE_SESSIONS)
        preview = preview_of(context, form)
        return render_form(context, form, HTTPStatus.CONFLICT, version=context.version, preview=preview)
    except KeyTaken:
        form.errors.append(KEY_TAKEN)
        return render_form(context, form, HTTPStatus.CONFLICT)
    except Exception as error:
        response = error_response(error, context.definition.model)
        if response is None or response.status in OWN_PAGES:
            raise
        record_refused_request(response, context.request, context.principal)
        return redisplay(context, response)


def render_unreadable(context: FormContext, form: Form, data: dict[str, Any]) -> HttpResponse:
    """Some fields hold what no serializer could read. The errors of the others are shown together with it."""
    unreadable = {widget.name for widget in form.invalid_widgets}
    try:
        context.serializer(data).is_valid(raise_exception=True)
    except ValidationError as error:
        response = error_response(error, context.definition.model)
        assert response  # noqa: S101 - it is one that v1 has a text for
        form.add_errors(response, exclude=unreadable)
    return render_form(context, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def redisplay(context: FormContext, response: ErrorResponse) -> HttpResponse:
    """The form with the values that are stored by now, what was typed over them, and what is wrong."""
    context = context.reloaded()
    form = context.bound_form()
    if response.status == HTTPStatus.FORBIDDEN:
        response = replace(response, detail=MESSAGES[HTTPStatus.FORBIDDEN])
    form.add_errors(response, unique=RESOURCES[context.definition.model].unique.values())
    return render_form(context, form, response.status)


def preview_of(context: FormContext, form: Form) -> RevocationPreview | None:
    """The sessions that end with a change of these fields. They are shown first, and have to be confirmed."""
    scopes = [scope for name, scope in context.definition.revokes.items() if name in form.changed_data]
    if not scopes or context.instance is None:
        return None
    return preview_revocation(Selection({scopes[0]: context.instance.pk}, requested_by=context.principal))


def apply(context: FormContext, data: dict[str, Any], *, needs_confirmation: bool) -> HttpResponse:
    if not context.definition.has_instance:
        return create(context, data)
    serializer = context.serializer(data)
    serializer.is_valid(raise_exception=True)
    with transaction.atomic():
        serializer.save()
        if needs_confirmation:
            require_confirmation(context.request.POST, serializer.sessions_ended)
    message = with_session_count(context.definition.success_message, serializer.sessions_ended)
    return redirect(context, context.instance.handle, message)


def create(context: FormContext, data: dict[str, Any]) -> HttpResponse:
    """A form that is sent again, by an impatient click or a page that is loaded anew, creates nothing twice."""
    serializer: Any = context.serializer(data)

    def save() -> Answer:
        serializer.is_valid(raise_exception=True)
        return Answer(HTTPStatus.CREATED, {}, serializer.save().handle)  # a secret is not kept

    answer, is_repeated = run_once(context.principal, key_of(context), digest_of(data), save)
    if is_repeated:
        return redirect(context, answer.body, ALREADY_CREATED)
    if serializer.secret:
        instance = context.admin.get_object_or_404(context.principal, answer.body)
        return secret_page(context.request, context.admin, instance, serializer.secret)
    return redirect(context, answer.body, context.definition.success_message)


def key_of(context: FormContext) -> str:
    return f"console {context.definition.label} {context.request.POST.get('key', '')[:64] or uuid4().hex}"


def digest_of(data: dict[str, Any]) -> str:
    return hashlib.sha256(dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()


def redirect(context: FormContext, handle: str, message: str) -> HttpResponse:
    messages.success(context.request, message)
    return SeeOther(context.admin.url_of(handle))


def render_form(
    context: FormContext,
    form: Form,
    status: int = HTTPStatus.OK,
    *,
    version: str | None = None,
    preview: RevocationPreview | None = None,
) -> HttpResponse:
    current = context.instance.version if context.instance else ""
    values = {"form": form, "version": current if version is None else version, "key": uuid4().hex, "preview": preview}
    return render(context, "console/form.html", values, status)


def choose_variant(context: FormContext) -> HttpResponse:
    definition = context.definition
    choices = [Link(variant, f"?{definition.variant}={variant}") for variant in definition.variants]
    return render(context, "console/choose_variant.html", {"choices": choices}, HTTPStatus.OK)


def render(context: FormContext, template: str, values: dict[str, Any], status: int) -> HttpResponse:
    admin, instance, title = context.admin, context.instance, context.definition.title
    crumbs, back = [Link(admin.plural, admin.list_url)], admin.list_url
    if instance is not None:
        title, back = f"{title}: {instance}", admin.url_of(instance.handle)
        crumbs.append(Link(str(instance), back))
    return admin.rendered(context.request, template, {"title": title, "crumbs": crumbs, "back": back, **values}, status)
