"""Responses to requests that are refused before any view is called."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string

DEFAULT_MESSAGES = {
    HTTPStatus.BAD_REQUEST: "The request could not be understood",
    HTTPStatus.NOT_FOUND: "Not Found",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request body is larger than the server accepts",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on the server; report the request ID to its operator",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database cannot be reached; try again shortly",
}


def error_response(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Build an error in the format of the dialect that the path belongs to, or else as plain JSON."""
    for start, path in settings.DIALECTS.items():
        if request.path_info.startswith(start):
            build: Callable[[HttpRequest, HTTPStatus], HttpResponse] = import_string(path)
            return build(request, status)
    return JsonResponse({"detail": DEFAULT_MESSAGES.get(status, status.phrase)}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, HTTPStatus.BAD_REQUEST)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, HTTPStatus.NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, HTTPStatus.FORBIDDEN)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_response(request, HTTPStatus.INTERNAL_SERVER_ERROR)
