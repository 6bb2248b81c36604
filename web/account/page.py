"""What every page has in common: its content security policy, its forms, and messages for the next page."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import get_script_prefix, reverse

from core.api.errors import error_response_for
from core.api.redirects import SeeOther

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"
View = Callable[..., HttpResponse]
_FLASH_COOKIE, _FLASH_SECONDS = "curfew_said", 60


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-store"
    if wait := context.get("wait"):
        response["Retry-After"] = str(wait)
    return response


def renders_errors(view: View) -> View:
    """Turn an error that is expected, such as a database that is away, into a page."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Exception as error:
            response = error_response_for(error, None)
            if response is None or response.status == HTTPStatus.NOT_FOUND:
                raise
            context = {"message": response.detail, "wait": response.headers.get("Retry-After")}
            return page(request, "refused.html", context, response.status)

    return wrapper


def form_of(request: HttpRequest) -> QueryDict | None:
    """The form that was sent; None for one in a charset other than UTF-8, which Django would decode."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    return request.POST if charset.lower() == "utf-8" else None


def redirect_with_message(to: str, message: str = "") -> HttpResponse:
    """Redirect to the page that shows the result, so that reloading it repeats nothing."""
    response = SeeOther(reverse(to))
    response["Cache-Control"] = "no-store"
    if message:
        signed = signing.dumps(message, salt=_FLASH_COOKIE)
        response.set_cookie(
            _FLASH_COOKIE,
            signed,
            max_age=_FLASH_SECONDS,
            path=_account(),
            httponly=True,
            samesite="Strict",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def flash_message(request: HttpRequest) -> str:
    try:
        return str(signing.loads(request.COOKIES.get(_FLASH_COOKIE, ""), salt=_FLASH_COOKIE, max_age=_FLASH_SECONDS))
    except signing.BadSignature:
        return ""


def clear_flash(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if _FLASH_COOKIE in request.COOKIES:
        response.delete_cookie(_FLASH_COOKIE, path=_account(), samesite="Strict")
    return response


def _account() -> str:
    return f"{get_script_prefix()}account/"
