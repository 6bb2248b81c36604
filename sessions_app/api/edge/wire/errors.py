"""Errors as the edge controller words them: a code and its fixed message, and a cause where there is more to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response

from core.api.error_views import WORDS
from core.api.errors import ErrorResponse, error_response_for
from core.api.middleware import ORIGIN
from sessions_app.api.edge.wire.authentication import challenge

HEADERS = {
    "Cache-Control": "no-store",
    "Server": f"ziti-controller/v{settings.VERSION}",
    "Vary": "Authorization, zt-session",
}
META = {"apiEnrollmentVersion": "0.0.1", "apiVersion": "0.0.1"}
LOST = "The resource requested was not found or is no longer available"
UNAUTHORIZED = "The request could not be completed. The session is not authorized or the credentials are invalid"
INVALID = "The supplied request contains an invalid document or no valid accept content were available, see cause"


class Code(Enum):
    """Each with its status and what is said of it."""

    CONFLICT = HTTPStatus.CONFLICT, "The resource was changed by another request, try again"
    COULD_NOT_PARSE_BODY = HTTPStatus.BAD_REQUEST, "The body of the request could not be parsed"
    COULD_NOT_VALIDATE = HTTPStatus.BAD_REQUEST, INVALID
    INVALID_AUTH = HTTPStatus.UNAUTHORIZED, "The authentication request failed"
    INVALID_AUTH_METHOD = HTTPStatus.BAD_REQUEST, "The supplied authentication method is not valid"
    INVALID_FILTER = HTTPStatus.BAD_REQUEST, "The filter query supplied is invalid"
    INVALID_PAGINATION = HTTPStatus.BAD_REQUEST, "The pagination properties provided are invalid"
    INVALID_SORT_IDENTIFIER = HTTPStatus.BAD_REQUEST, "The sort order supplied is invalid"
    METHOD_NOT_ALLOWED = HTTPStatus.METHOD_NOT_ALLOWED, "The resource requested does not support this HTTP verb"
    NOT_FOUND = HTTPStatus.NOT_FOUND, LOST
    RATE_LIMITED = HTTPStatus.TOO_MANY_REQUESTS, "Too many requests, wait as long as Retry-After says"
    REQUEST_ENTITY_TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, WORDS[HTTPStatus.REQUEST_ENTITY_TOO_LARGE]
    TIMEOUT = HTTPStatus.SERVICE_UNAVAILABLE, "The request could not be completed in time, try again later"
    UNAUTHORIZED = HTTPStatus.UNAUTHORIZED, UNAUTHORIZED
    UNHANDLED = HTTPStatus.INTERNAL_SERVER_ERROR, WORDS[HTTPStatus.INTERNAL_SERVER_ERROR]

    @property
    def status(self) -> HTTPStatus:
        return self.value[0]

    @property
    def message(self) -> str:
        return self.value[1]


_USUAL = {
    HTTPStatus.BAD_REQUEST: Code.COULD_NOT_VALIDATE,
    HTTPStatus.CONFLICT: Code.CONFLICT,
    HTTPStatus.FORBIDDEN: Code.UNAUTHORIZED,  # here, whoever may not is asked to come back as somebody else
    HTTPStatus.METHOD_NOT_ALLOWED: Code.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: Code.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Code.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.SERVICE_UNAVAILABLE: Code.TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS: Code.RATE_LIMITED,
    HTTPStatus.UNAUTHORIZED: Code.UNAUTHORIZED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What to answer. A cause is another error, told by its message; or a field, and what is wrong with it."""

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
class Failure(Exception):
    """A request that this dialect itself finds fault with."""

    told: Told
    headers: Mapping[str, str] = field(default_factory=dict)


class NotAcceptable(Failure):
    """The client accepts no JSON, which is all there is. The controller words it as a field of the wrong kind."""

    def __init__(self, accepted: str) -> None:
        cause = {"field": "Accept", "reason": "only application/json is available", "value": accepted[:40]}
        super().__init__(Told(Code.COULD_NOT_VALIDATE, cause, HTTPStatus.NOT_ACCEPTABLE))


def wrong_field(name: str, reason: str, **value: Any) -> Failure:
    return Failure(Told(Code.COULD_NOT_VALIDATE, {"field": name, "reason": reason, **value}))


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    request = context["request"]
    if isinstance(error, Failure):
        told, headers = error.told, dict(error.headers)
    else:
        refusal = error_response_for(error, context["view"])
        if refusal is None:
            return None
        told, headers = _told(error, refusal, context["view"]), dict(refusal.headers)
    if told.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = challenge(error)
    return Response(told.body(request.META[ORIGIN].request_id), status=told.status, headers=headers)


def _told(error: Exception, refusal: ErrorResponse, view: Any) -> Told:
    if isinstance(refusal.words, Told):
        return refusal.words
    if isinstance(error, Http404):
        return Told(Code.NOT_FOUND, f"{view.entity} with id {view.kwargs.get(view.id_in_path, '')} not found")
    if isinstance(error, UnsupportedMediaType):
        return Told(Code.COULD_NOT_VALIDATE, "The body should be application/json in UTF-8")
    if refusal.status == HTTPStatus.BAD_REQUEST:
        return Told(Code.COULD_NOT_PARSE_BODY, str(refusal.words))
    code = _USUAL.get(refusal.status, Code.UNHANDLED)
    is_news = code in (Code.TIMEOUT, Code.UNHANDLED)
    return Told(code, str(refusal.words) if is_news else None)


def error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """What is refused before any view."""
    told = Told(_USUAL.get(status, Code.UNHANDLED)).body(request.META[ORIGIN].request_id)
    return JsonResponse(told, status=status, headers=HEADERS)
