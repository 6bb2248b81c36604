"""What the console says when it does not do what was asked: always a page, and never more than its reason."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from audit.api.refusal_log import record_refused_request
from core.api.admin import Operator
from core.api.errors import ErrorResponse, error_response_for
from web.account.page import page

View = Callable[..., HttpResponse]
TITLES = {
    HTTPStatus.BAD_REQUEST: "Bad request",
    HTTPStatus.FORBIDDEN: "Permission denied",
    HTTPStatus.NOT_FOUND: "Page not found",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.SERVICE_UNAVAILABLE: "Temporarily unavailable",
}
WORDS = {
    HTTPStatus.BAD_REQUEST: "The console does not understand this address. Go back and try again.",
    HTTPStatus.FORBIDDEN: "You do not have permission to do this. Nothing was changed.",
    HTTPStatus.NOT_FOUND: "This page does not exist, or you do not have access to it.",
    HTTPStatus.TOO_MANY_REQUESTS: "Nothing was changed. Wait a minute, then try again.",
}
FROM_ELSEWHERE = "This request came from another website and was blocked. Nothing was changed."
# Alpine, which Unfold's menus are written for, computes what their attributes say: that takes 'unsafe-eval'. No script
# is taken from a page itself, nor from anywhere else.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; font-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def renders_errors(view: View) -> View:
    """Carries out `view` to the last letter of its page, and turns whatever it refuses into one."""

    @wraps(view)
    def look(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()
        except Exception as error:
            refusal = _refusal(error)
            if refusal is None:
                raise
            user = getattr(request, "user", None)
            record_refused_request(refusal, request, user.principal if isinstance(user, Operator) else None)
            said = "" if refusal.status in WORDS else str(refusal.words)
            response = refused(request, refusal.status, refusal.headers, said)
        return with_csp(response)

    return look


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is not one of ours, or that has been open since before a sign-in."""
    said = "This form has expired or was sent from another website. Nothing was changed. Open the page again and retry."
    return with_csp(refused(request, HTTPStatus.FORBIDDEN, words=said))


def refused(request: HttpRequest, status: HTTPStatus, headers: Any = None, words: str = "") -> HttpResponse:
    said = {"title": TITLES.get(status, status.phrase), "words": words or WORDS.get(status, "Try again in a minute.")}
    response = page(request, "console/refused.html", said, status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def with_csp(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Content-Security-Policy", POLICY)  # plain pages have a stricter one
    response["Cache-Control"] = "no-store"
    return response


def _refusal(error: Exception) -> ErrorResponse | None:
    if isinstance(error, SuspiciousOperation):
        return ErrorResponse(HTTPStatus.BAD_REQUEST, "")
    return error_response_for(error, None)
