"""The console's error pages: what went wrong, and nothing about what else there is."""

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
MESSAGES = {
    HTTPStatus.BAD_REQUEST: "The console does not understand this address. Go back and try again.",
    HTTPStatus.FORBIDDEN: "You do not have permission to do this. Nothing was changed.",
    HTTPStatus.NOT_FOUND: "This page does not exist, or you do not have access to it.",
    HTTPStatus.TOO_MANY_REQUESTS: "Nothing was changed. Wait a minute, then try again.",
}
CROSS_SITE = "This request came from another website and was blocked. Nothing was changed."
# Alpine, which Unfold's menus are written for, computes what their attributes say: that takes 'unsafe-eval'. No script
# is taken from a page itself, nor from anywhere else.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; font-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def renders_errors(view: View) -> View:
    """Render a view's response, and turn an error of the view or of its template into a page."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()
        except Exception as error:
            expected = _expected(error)
            if expected is None:
                raise
            user = getattr(request, "user", None)
            record_refused_request(expected, request, user.principal if isinstance(user, Operator) else None)
            message = "" if expected.status in MESSAGES else str(expected.detail)
            response = refused(request, expected.status, expected.headers, message)
        return with_csp(response)

    return wrapper


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that another site sent, or that has been open since before a sign-in."""
    message = (
        "This form has expired or was sent from another website. Nothing was changed. Open the page again and retry."
    )
    return with_csp(refused(request, HTTPStatus.FORBIDDEN, message=message))


def refused(
    request: HttpRequest, status: HTTPStatus, headers: Any = None, message: str = "", *, is_operator: bool = True
) -> HttpResponse:
    title = TITLES.get(status, status.phrase)
    message = message or MESSAGES.get(status, "Try again in a minute.")
    context = {"title": title, "message": message, "is_operator": is_operator}
    response = page(request, "console/refused.html", context, status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def with_csp(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Content-Security-Policy", POLICY)  # plain pages have a stricter one
    response["Cache-Control"] = "no-store"
    return response


def _expected(error: Exception) -> ErrorResponse | None:
    if isinstance(error, SuspiciousOperation):
        return ErrorResponse(HTTPStatus.BAD_REQUEST, "")
    return error_response_for(error, None)
