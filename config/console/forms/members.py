"""Taking somebody, or a group, out of a group: one click on the group's page, and as easily undone."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.models import Group
from config.console.asking import ask
from core.console import ConsoleAdmin, principal_of
from core.see_other import SeeOther

ACTIONS = {"user_id": "remove_member", "child_group_id": "unnest"}


def take_out_of(admin: ConsoleAdmin) -> Any:
    @require_POST
    def take_out(request: HttpRequest, handle: str) -> HttpResponse:
        me = principal_of(request)
        group = admin.found(me, handle)
        for name, action in ACTIONS.items():
            if name in request.POST:
                ask(Group, action, me, group.handle, request.POST[name])
                messages.success(request, "Taken out.")
        return SeeOther(admin.url_of(group.handle))

    return take_out
