"""Errors in the edge controller's format: a code with its fixed message, and sometimes a cause."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response

from core.api.error_views import DEFAULT_MESSAGES
from core.api.errors import ErrorResponse, error_response_for
from core.api.middleware import ORIGIN
from sessions_app.api.edge.wire.authentication import challenge

HEADERS = {
    "Cache-Control": "no-store",
    "Server": f"ziti-controller/v{settings.VERSION}",
    "Vary": "Authorization, zt-session",
}
META = {"apiEnrollmentVersion": "0.0.1", "apiVersion": "0.0.1"}
NOT_FOUND_MESSAGE = "The resource requested was not found or is no longer available"
UNAUTHORIZED = "The request could not be completed. The session is not authorized or the credentials are invalid"
INVALID_MESSAGE = (
    "The supplied request contains an invalid document or no valid accept content were available, see cause"
)


class Code(Enum):
    """The error codes, with the status and message of each."""

    CONFLICT = HTTPStatus.CONFLICT, "The resource was changed by another request, try again"
    COULD_NOT_PARSE_BODY = HTTPStatus.BAD_REQUEST, "The body of the request could not be parsed"
    COULD_NOT_VALIDATE = HTTPStatus.BAD_REQUEST, INVALID_MESSAGE
    INVALID_AUTH = HTTPStatus.UNAUTHORIZED, "The authentication request failed"
    INVALID_AUTH_METHOD = HTTPStatus.BAD_REQUEST, "The supplied authentication method is not valid"
    INVALID_FILTER = HTTPStatus.BAD_REQUEST, "The filter query supplied is invalid"
    INVALID_PAGINATION = HTTPStatus.BAD_REQUEST, "The pagination properties provided are invalid"
    INVALID_SORT_IDENTIFIER = HTTPStatus.BAD_REQUEST, "The sort order supplied is invalid"
    METHOD_NOT_ALLOWED = HTTPStatus.METHOD_NOT_ALLOWED, "The resource requested does not support this HTTP verb"
    NOT_FOUND = HTTPStatus.NOT_FOUND, NOT_FOUND_MESSAGE
    RATE_LIMITED = HTTPStatus.TOO_MANY_REQUESTS, "Too many requests, wait as long as Retry-After says"
    REQUEST_ENTITY_TOO_LARGE = (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        DEFAULT_MESSAGES[HTTPStatus.REQUEST_ENTITY_TOO_LARGE],
    )
    TIMEOUT = HTTPStatus.SERVICE_UNAVAILABLE, "The request could not be completed in time, try again later"
    UNAUTHORIZED = HTTPStatus.UNAUTHORIZED, UNAUTHORIZED
    UNHANDLED = HTTPStatus.INTERNAL_SERVER_ERROR, DEFAULT_MESSAGES[HTTPStatus.INTERNAL_SERVER_ERROR]

    @property
    def status(self) -> HTTPStatus:
        return self.value[0]

    @property
    def message(self) -> str:
        return self.value[1]


_CODES = {
    HTTPStatus.BAD_REQUEST: Code.COULD_NOT_VALIDATE,
    HTTPStatus.CONFLICT: Code.CONFLICT,
    HTTPStatus.FORBIDDEN: Code.UNAUTHORIZED,  # the original has no 403
    HTTPStatus.METHOD_NOT_ALLOWED: Code.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: Code.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Code.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.SERVICE_UNAVAILABLE: Code.TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS: Code.RATE_LIMITED,
    HTTPStatus.UNAUTHORIZED: Code.UNAUTHORIZED,
}


@dataclass(frozen=True, slots=True)
class EdgeError:
    """An error response. The cause is the message of another error, or an invalid field and the reason."""

    code: Code
    cause: str | Mapping[str, Any] | None = None
    other_status: HTTPStatus | None = None

    @property
    def status(self) -> HTTPStatus:
        return self.other_status or self.code.status

    def body(self, request_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code.name, "message": self.code.message, "requestId": request_id}
        if isinstance(self.cause, str):
            error |= {"cause": {"code": Code.UNHANDLED.name, "message": self.cause}, "causeMessage": self.cause}
        elif self.cause is not None:
            error |= {"cause": dict(self.cause), "causeMessage": self.cause["reason"]}
        return {"error": error, "meta": META}


@dataclass
class RequestError(Exception):
    """The request is invalid for this dialect."""

    error: EdgeError
    headers: Mapping[str, str] = field(default_factory=dict)


class NotAcceptable(RequestError):
    """The client does not accept JSON, the only format. The controller reports this as an invalid field."""

    def __init__(self, accepted: str) -> None:
        cause = {"field": "Accept", "reason": "only application/json is available", "value": accepted[:40]}
        super().__init__(EdgeError(Code.COULD_NOT_VALIDATE, cause, HTTPStatus.NOT_ACCEPTABLE))


def invalid_field(name: str, reason: str, **value: Any) -> RequestError:
    return RequestError(EdgeError(Code.COULD_NOT_VALIDATE, {"field": name, "reason": reason, **value}))


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    request = context["request"]
    if isinstance(error, RequestError):
        error_response, headers = error.error, dict(error.headers)
    else:
        refusal = error_response_for(error, context["view"])
        if refusal is None:
            return None
        error_response, headers = _edge_error(error, refusal, context["view"]), dict(refusal.headers)
    if error_response.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = challenge(error)
    return Response(error_response.body(request.META[ORIGIN].request_id), status=error_response.status, headers=headers)


def _edge_error(error: Exception, refusal: ErrorResponse, view: Any) -> EdgeError:
    if isinstance(refusal.detail, EdgeError):
        return refusal.detail
    if isinstance(error, Http404):
        return EdgeError(Code.NOT_FOUND, f"{view.entity} with id {view.kwargs.get(view.id_in_path, '')} not found")
    if isinstance(error, UnsupportedMediaType):
        return EdgeError(Code.COULD_NOT_VALIDATE, "The body should be application/json in UTF-8")
    if refusal.status == HTTPStatus.BAD_REQUEST:
        return EdgeError(Code.COULD_NOT_PARSE_BODY, str(refusal.detail))
    code = _CODES.get(refusal.status, Code.UNHANDLED)
    is_internal = code in (Code.TIMEOUT, Code.UNHANDLED)
    return EdgeError(code, str(refusal.detail) if is_internal else None)


def error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Build the response to a request that is refused before any view."""
    body = EdgeError(_CODES.get(status, Code.UNHANDLED)).body(request.META[ORIGIN].request_id)
    return JsonResponse(body, status=status, headers=HEADERS)
