"""Errors in the panel's format, with the original's messages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.error_views import DEFAULT_MESSAGES
from core.api.errors import error_response_for
from core.api.v1 import ValidationFailed
from sessions_app.api.authentication import drop_dead_cookie

AUTHENTICATION_REQUIRED, INVALID_KEY = "Authentication required", "Invalid API key"
INVALID_QUERY = "Query validation failed"


class MissingToken(Exception):
    """The path has no session ID."""


ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    MissingToken: (HTTPStatus.BAD_REQUEST, "Missing session token"),
    AuthenticationFailed: (HTTPStatus.UNAUTHORIZED, INVALID_KEY),
    NotAuthenticated: (HTTPStatus.UNAUTHORIZED, AUTHENTICATION_REQUIRED),
}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    request = context["request"]
    if isinstance(error, ValidationFailed):
        return Response(invalid(request, error), status=HTTPStatus.BAD_REQUEST)
    refusal = error_response_for(error, context["view"])
    if refusal is None:
        return None
    response = Response(body(request, refusal.status, refusal.detail), status=refusal.status, headers=refusal.headers)
    drop_dead_cookie(response, error)
    return response


def error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Build the response to a request that is refused before any view."""
    return JsonResponse(body(request, status, DEFAULT_MESSAGES.get(status, status.phrase)), status=status)


def invalid(request: Request, error: ValidationFailed) -> dict[str, Any]:
    errors = [{"field": item["loc"][-1], "message": item["msg"]} for item in error.errors]
    data = {"message": INVALID_QUERY, "statusCode": HTTPStatus.BAD_REQUEST.value, "data": {"errors": errors}}
    payload = body(request, HTTPStatus.BAD_REQUEST, INVALID_QUERY)
    return payload | {"statusMessage": "Validation Error", "data": data}


def body(request: Request | HttpRequest, status: HTTPStatus, message: str) -> dict[str, Any]:
    """Build the body of an error. The URL has no query string, which could hold a secret."""
    return {
        "error": True,
        "url": request.path,
        "statusCode": status.value,
        "statusMessage": status.phrase,
        "message": message,
    }
