"""Signing in to the console, with the accounts, the throttle and the MFA of the API."""

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
from web.console.errors import CROSS_SITE, refused, renders_errors, with_csp

TEMPLATE = "console/sign_in.html"
ENDED = "Your session has ended, so your last action was not carried out. Sign in again."


@renders_errors
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return form(request, {"next": next_of(request), "message": ENDED if "ended" in request.GET else ""})
    if is_cross_site(request):
        return refused(request, HTTPStatus.FORBIDDEN, message=CROSS_SITE)
    try:
        signed_in = try_to_sign_in(request, since=Tier.TENANT)
    except NotSignedIn as error:
        return form(request, {**error.context, "next": next_of(request)}, error.status)
    response = SeeOther(next_of(request) or reverse("admin:index"))
    cookies.set_cookie(response, signed_in)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    me = principal_of(request)
    assert me.session_id  # noqa: S101 - a cookie holds nothing but a session's key
    operations.sign_out(me.session_id, actor=me)
    response = SeeOther(reverse("admin:login"))
    cookies.drop_cookie(response)
    return response


def form(request: HttpRequest, context: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    return with_csp(page(request, TEMPLATE, context, status))


def next_of(request: HttpRequest) -> str:
    """The page to go to afterwards, if it is one of the console's."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    is_console = url.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return url if is_console else ""
