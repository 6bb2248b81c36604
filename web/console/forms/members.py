"""Taking somebody, or a group, out of a group: one click on the group's page, and as easily undone."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.models import Group
from core.api.admin import ConsoleAdmin, principal_of
from core.api.redirects import SeeOther
from web.console.api_bridge import ask
from web.console.errors import refused

ACTIONS = {"user_id": "remove_member", "child_group_id": "unnest"}
NOT_ONE = "Nothing was changed: name one user or one group. Use the buttons on the group's page."


def take_out_of(admin: ConsoleAdmin) -> Any:
    @require_POST
    def take_out(request: HttpRequest, handle: str) -> HttpResponse:
        me = principal_of(request)
        group = admin.found(me, handle)
        named = [(action, one) for name, action in ACTIONS.items() for one in request.POST.getlist(name)]
        if len(named) != 1:
            return refused(request, HTTPStatus.BAD_REQUEST, words=NOT_ONE)
        [(action, one)] = named
        try:
            ask(Group, action, me, group.handle, one)
        except Http404:
            messages.info(request, "It was not a member any more.")
        else:
            messages.success(request, "Removed from the group.")
        return SeeOther(admin.url_of(group.handle))

    return take_out
