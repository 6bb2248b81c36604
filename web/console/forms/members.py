"""Removing a user or a nested group from a group: one click on the group's page, and as easily undone."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts import operations
from accounts.models import Group
from accounts.models.groups import members_of
from core.access import Principal
from core.api.admin import ConsoleAdmin, principal_of
from core.api.redirects import SeeOther
from core.api.views import check_writable
from core.ids import NIL_ID, Prefix, decode_id
from web.console.errors import refused
from web.console.resources import is_allowed, is_writable

NOT_ONE = "Nothing was changed: name one user or one group. Use the buttons on the group's page."


def remove_member(group: Group, handle: str, principal: Principal) -> bool:
    members = members_of(group.pk).filter(pk=decode_id(Prefix.USER, handle) or NIL_ID)
    user = check_writable(members, principal).first()
    return user is not None and operations.remove_member(group, user, actor=principal)


def unnest(group: Group, handle: str, principal: Principal) -> bool:
    nested = Group.objects.nested_in(group.pk).filter(pk=decode_id(Prefix.GROUP, handle) or NIL_ID).first()
    return nested is not None and operations.unnest(group, nested, actor=principal)


REMOVALS = {"user_id": ("remove_member", remove_member), "child_group_id": ("unnest", unnest)}


def removal_view(admin: ConsoleAdmin) -> Any:
    @require_POST
    def view(request: HttpRequest, handle: str) -> HttpResponse:
        principal = principal_of(request)
        group = admin.get_object_or_404(principal, handle)
        chosen = [(name, value) for name in REMOVALS for value in request.POST.getlist(name)]
        if len(chosen) != 1:
            return refused(request, HTTPStatus.BAD_REQUEST, message=NOT_ONE)
        [(name, value)] = chosen
        policy, remove = REMOVALS[name]
        if not is_allowed(Group, policy, principal) or not is_writable(group, principal):
            raise PermissionDenied
        try:
            is_removed = remove(group, value, principal)
        except Http404:
            is_removed = False
        if is_removed:
            messages.success(request, "Removed from the group.")
        else:
            messages.info(request, "It was not a member any more.")
        return SeeOther(admin.url_of(group.handle))

    return view
