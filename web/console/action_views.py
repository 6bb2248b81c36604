"""The page of an action: what it does and how many sessions end with it, a confirmation, and the result."""

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
from core.api.redirects import SeeOther
from core.api.throttling import throttle
from sessions_app.admin.confirmation import MORE_SESSIONS, require_confirmation
from sessions_app.operations.bulk_revocation import MoreThanConfirmed
from sessions_app.reads.revocation_preview import preview_revocation
from sessions_app.selection import Selection
from web.console.actions import ACTIONS, Action, actions_for
from web.console.resources import RESOURCES, error_response
from web.console.shared import secret_page, with_session_count

ALREADY_DONE = "No change needed: this has already been done."


def action_view(admin: ConsoleAdmin) -> Any:
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, handle: str, name: str) -> HttpResponse:
        principal = principal_of(request)
        instance = admin.get_object_or_404(principal, handle)
        if name not in {each.name for each in ACTIONS[type(instance)]}:
            raise Http404
        action = next((each for each in actions_for(instance, principal) if each.name == name), None)
        if action is None:
            raise PermissionDenied
        if not action.is_available(instance):
            messages.info(request, ALREADY_DONE)
            return SeeOther(admin.url_of(instance.handle))
        if request.method == "POST":
            return run_action(request, admin, instance, action, principal)
        return render_action(request, admin, instance, action)

    return view


def run_action(
    request: HttpRequest, admin: ConsoleAdmin, instance: Any, action: Action, principal: Principal
) -> HttpResponse:
    view_class = RESOURCES[type(instance)]
    throttle(principal, view_class, action.policy)
    versions = frozenset([request.POST.get("version", "")])
    try:
        with transaction.atomic():
            result = action.run(instance, principal, versions)
            if action.revokes:
                require_confirmation(request.POST, result.sessions_ended)
    except MoreThanConfirmed:
        instance = admin.get_object_or_404(principal, instance.handle)
        return render_action(request, admin, instance, action, HTTPStatus.CONFLICT, MORE_SESSIONS)
    except tuple(view_class.errors) as error:
        response = error_response(error, type(instance))
        assert response  # noqa: S101 - it is one of the errors that have a text
        record_refused_request(response, request, principal)
        return render_action(request, admin, instance, action, response.status, str(response.detail))
    if result.secret:
        return secret_page(request, admin, instance, result.secret)
    messages.success(request, with_session_count(action.success_message, result.sessions_ended))
    return SeeOther(admin.list_url if action.is_deletion else admin.url_of(instance.handle))


def render_action(
    request: HttpRequest,
    admin: ConsoleAdmin,
    instance: Any,
    action: Action,
    status: int = HTTPStatus.OK,
    error: str = "",
) -> HttpResponse:
    selection = Selection({action.revokes: instance.pk}, requested_by=principal_of(request)) if action.revokes else None
    obstacle, back = action.obstacle(instance), admin.url_of(instance.handle)
    context = {
        "title": f"{action.title}: {instance}",
        "crumbs": [Link(admin.plural, admin.list_url), Link(str(instance), back)],
        "instance": instance,
        "action": action,
        "back": back,
        "preview": preview_revocation(selection) if selection and not obstacle else None,
        "error": error or obstacle,
        "is_blocked": bool(obstacle),
    }
    return admin.rendered(request, "console/action.html", context, status)
