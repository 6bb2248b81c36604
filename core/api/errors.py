"""What any dialect says of what any view may meet: a status, plain words, and the headers that go with them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from psycopg.errors import DeadlockDetected, QueryCanceled
from rest_framework import exceptions

from core.api.error_views import WORDS
from core.api.parsers import NotJSON
from core.api.throttling import MINUTE
from core.crypto import Unavailable
from core.models import ConcurrentChange, VersionMismatch

NOT_AUTHENTICATED = "Not authenticated"
ACCESS_DENIED = "Access denied"
CHANGED_MEANWHILE = "The resource was changed by another request; try again"
TOOK_TOO_LONG = "The request took too long and was stopped; nothing was changed. Narrow it down, or try again later"
UNAVAILABLE = "This is not available at the moment; the operator finds the reason at /readyz"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """`words` are a text, or whatever else a view's own table of errors has."""

    status: HTTPStatus
    words: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def error_response_for(error: Exception, view: Any) -> ErrorResponse | None:
    """The view's own table first, then what any view may meet; None for what nobody foresaw."""
    for kind, (status, words) in getattr(view, "errors", {}).items():
        if isinstance(error, kind):
            return ErrorResponse(status, words(error) if callable(words) else words, _headers_for(status, error))
    match error:
        case NotJSON():
            return ErrorResponse(HTTPStatus.BAD_REQUEST, "JSON decode error")
        case Http404():
            return ErrorResponse(HTTPStatus.NOT_FOUND, getattr(view, "missing", WORDS[HTTPStatus.NOT_FOUND]))
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return ErrorResponse(HTTPStatus.UNAUTHORIZED, NOT_AUTHENTICATED, {"WWW-Authenticate": "Bearer"})
        case exceptions.MethodNotAllowed():
            allowed = {"Allow": ", ".join(sorted(view.allowed_methods))}
            return ErrorResponse(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", allowed)
        case exceptions.PermissionDenied():
            words = str(error.detail)
            return ErrorResponse(HTTPStatus.FORBIDDEN, ACCESS_DENIED if words == error.default_detail else words)
        case DjangoPermissionDenied():
            return ErrorResponse(HTTPStatus.FORBIDDEN, ACCESS_DENIED)
        case exceptions.Throttled():
            words = "Too many requests of this kind; wait as many seconds as Retry-After says"
            wait = {"Retry-After": str(getattr(error, "wait", MINUTE))}
            return ErrorResponse(HTTPStatus.TOO_MANY_REQUESTS, words, wait)
        case exceptions.APIException():
            return ErrorResponse(HTTPStatus(error.status_code), str(error.detail))
        case Unavailable():
            log.error("refused with 503: %r; see /readyz", error)
            return ErrorResponse(HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE, {"Retry-After": "60"})
        case ConcurrentChange():
            return ErrorResponse(HTTPStatus.CONFLICT, CHANGED_MEANWHILE)
        case VersionMismatch():
            words = "It has changed since you read it; get it again and retry"
            return ErrorResponse(HTTPStatus.PRECONDITION_FAILED, words)
        case IntegrityError():
            return _taken(error, getattr(view, "unique", {}))
        case OperationalError() | InterfaceError():
            return _broken_off(error)
        case _:
            return None


def _broken_off(error: OperationalError | InterfaceError) -> ErrorResponse:
    """Why the database did not come to the end of it."""
    match error.__cause__:
        case DeadlockDetected():
            return ErrorResponse(HTTPStatus.CONFLICT, CHANGED_MEANWHILE)
        case QueryCanceled():
            return ErrorResponse(HTTPStatus.SERVICE_UNAVAILABLE, TOOK_TOO_LONG, {"Retry-After": "60"})
        case _:
            words = WORDS[HTTPStatus.SERVICE_UNAVAILABLE]
            return ErrorResponse(HTTPStatus.SERVICE_UNAVAILABLE, words, {"Retry-After": "5"})


def _taken(error: IntegrityError, unique: Mapping[str, str]) -> ErrorResponse | None:
    """Which field has a value that something else has already."""
    broken = str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", None))
    if broken not in unique:
        return None
    return ErrorResponse(HTTPStatus.CONFLICT, f"This {unique[broken]} is taken; choose another")


def _headers_for(status: HTTPStatus, error: Exception) -> dict[str, str]:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": "Bearer"}
        case HTTPStatus.TOO_MANY_REQUESTS:
            return {"Retry-After": str(getattr(error, "retry_after", 60))}
        case _:
            return {}
