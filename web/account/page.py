"""What every page has in common: its policy, its forms, and the little that one request tells the next."""

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
_SAID, _FOR = "curfew_said", 60


def page(request: HttpRequest, template: str, said: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    response = render(request, template, said, status=status)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-store"
    if wait := said.get("wait"):
        response["Retry-After"] = str(wait)
    return response


def answered(view: View) -> View:
    """Also where nothing can be done at the moment: with a page that says so, and when to try again."""

    @wraps(view)
    def look(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Exception as error:
            refusal = error_response_for(error, None)
            if refusal is None or refusal.status == HTTPStatus.NOT_FOUND:
                raise
            said = {"words": refusal.words, "wait": refusal.headers.get("Retry-After")}
            return page(request, "refused.html", said, refusal.status)

    return look


def form_of(request: HttpRequest) -> QueryDict | None:
    """What was sent; None of what Django would read by a codec that is no business of ours."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    return request.POST if charset.lower() == "utf-8" else None


def onward(to: str, saying: str = "") -> HttpResponse:
    """To the page where the answer is seen, so that looking at it again does nothing again."""
    response = SeeOther(reverse(to))
    response["Cache-Control"] = "no-store"
    if saying:
        signed = signing.dumps(saying, salt=_SAID)
        response.set_cookie(
            _SAID,
            signed,
            max_age=_FOR,
            path=_account(),
            httponly=True,
            samesite="Strict",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def flash_message(request: HttpRequest) -> str:
    try:
        return str(signing.loads(request.COOKIES.get(_SAID, ""), salt=_SAID, max_age=_FOR))
    except signing.BadSignature:
        return ""


def clear_flash(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if _SAID in request.COOKIES:
        response.delete_cookie(_SAID, path=_account(), samesite="Strict")
    return response


def _account() -> str:
    return f"{get_script_prefix()}account/"
