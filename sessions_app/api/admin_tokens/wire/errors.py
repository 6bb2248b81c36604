"""Errors of the admin and the cron API."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.response import Response

from core.api.error_views import DEFAULT_MESSAGES
from core.api.errors import ErrorResponse, error_response_for
from sessions_app.api.authentication import (
    CrossSite,
    drop_dead_cookie,
)

NO_STORE = {
    "Cache-Control": "private, no-store, no-cache, max-age=0, must-revalidate, proxy-revalidate",
    "Pragma": "no-cache",
    "Expires": "0",
}
UNAUTHORIZED, FORBIDDEN = "Unauthorized", "Forbidden"

log = logging.getLogger(__name__)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    refusal = _error_response(error, context["view"])
    response = Response(_body(refusal.detail), status=refusal.status, headers=refusal.headers)
    drop_dead_cookie(response, error)
    return response


def cron_exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    refusal = _error_response(error, context["view"])
    return Response(_cron_body(refusal.status, refusal.detail), status=refusal.status, headers=refusal.headers)


def error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Build the response to a request that is refused before any view, and must not be cached either."""
    return JsonResponse(_body(DEFAULT_MESSAGES.get(status, status.phrase)), status=status, headers=NO_STORE)


def cron_error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    return JsonResponse(
        _cron_body(status, DEFAULT_MESSAGES.get(status, status.phrase)), status=status, headers=NO_STORE
    )


def _body(message: str) -> dict[str, Any]:
    return {"success": False, "error": message}


def _cron_body(status: HTTPStatus, message: str) -> dict[str, Any]:
    return {"error": message} if status == HTTPStatus.UNAUTHORIZED else {"ok": False, "error": message}


def _error_response(error: Exception, view: Any) -> ErrorResponse:
    """Build the error. A lack of rights looks like a lack of credentials; an unexpected error is logged."""
    match error:
        case CrossSite():
            return ErrorResponse(HTTPStatus.FORBIDDEN, FORBIDDEN)
        case PermissionDenied() | NotAuthenticated() | AuthenticationFailed():
            return ErrorResponse(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
        case _:
            response = error_response_for(error, view)
    if response is None:
        log.error("%s failed", view.action, exc_info=error)
        return ErrorResponse(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            view.failures.get(view.action, DEFAULT_MESSAGES[HTTPStatus.INTERNAL_SERVER_ERROR]),
        )
    return response
