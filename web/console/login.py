"""The console's door: the same accounts, the same throttle and the same second factor as the API's."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from core.access import Tier
from core.api.admin import principal_of
from core.api.redirects import SeeOther
from core.api.same_origin import is_cross_site
from sessions_app import operations
from sessions_app.api import cookies
from web.account.login import NotSignedIn, try_to_sign_in
from web.account.page import page
from web.console.errors import FROM_ELSEWHERE, refused, renders_errors, with_csp

TEMPLATE = "console/sign_in.html"
ENDED = "Your session has ended, so your last action was not carried out. Sign in again."


@renders_errors
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return form(request, {"next": next_of(request), "told": ENDED if "ended" in request.GET else ""})
    if is_cross_site(request):
        return refused(request, HTTPStatus.FORBIDDEN, words=FROM_ELSEWHERE)
    try:
        made = try_to_sign_in(request, since=Tier.TENANT)
    except NotSignedIn as refusal:
        return form(request, {**refusal.said, "next": next_of(request)}, refusal.status)
    there = SeeOther(next_of(request) or reverse("admin:index"))
    cookies.set_cookie(there, made)
    return there


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    me = principal_of(request)
    assert me.session_id  # noqa: S101 - a cookie holds nothing but a session's key
    operations.sign_out(me.session_id, actor=me)
    away = SeeOther(reverse("admin:login"))
    cookies.drop_cookie(away)
    return away


def form(request: HttpRequest, said: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    return with_csp(page(request, TEMPLATE, said, status))


def next_of(request: HttpRequest) -> str:
    """A page of this console's, and nobody else's."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_here = asked.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_here else ""
