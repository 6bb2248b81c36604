"""Map exceptions to errors that every dialect formats in its own way: a status, a message and headers."""

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

from core.api.error_views import DEFAULT_MESSAGES
from core.api.parsers import NotJSON
from core.api.throttling import MINUTE
from core.crypto import Unavailable
from core.models import ConcurrentChange, VersionMismatch

NOT_AUTHENTICATED = "Not authenticated"
ACCESS_DENIED = "Access denied"
CONCURRENT_CHANGE_MESSAGE = "The resource was changed by another request; try again"
TIMEOUT_MESSAGE = "The request took too long and was stopped; nothing was changed. Narrow it down, or try again later"
UNAVAILABLE = "This is not available at the moment; the operator finds the reason at /readyz"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An error. `detail` is a message, or whatever a view's own table of errors has."""

    status: HTTPStatus
    detail: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def error_response_for(error: Exception, view: Any) -> ErrorResponse | None:
    """Map an exception by the view's own table and then by the common cases; None if it is unexpected."""
    for kind, (status, detail) in getattr(view, "errors", {}).items():
        if isinstance(error, kind):
            return ErrorResponse(status, detail(error) if callable(detail) else detail, _headers_for(status, error))
    match error:
        case NotJSON():
            return ErrorResponse(HTTPStatus.BAD_REQUEST, "JSON decode error")
        case Http404():
            return ErrorResponse(HTTPStatus.NOT_FOUND, getattr(view, "missing", DEFAULT_MESSAGES[HTTPStatus.NOT_FOUND]))
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return ErrorResponse(HTTPStatus.UNAUTHORIZED, NOT_AUTHENTICATED, {"WWW-Authenticate": "Bearer"})
        case exceptions.MethodNotAllowed():
            allowed = {"Allow": ", ".join(sorted(view.allowed_methods))}
            return ErrorResponse(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", allowed)
        case exceptions.PermissionDenied():
            detail = str(error.detail)
            return ErrorResponse(HTTPStatus.FORBIDDEN, ACCESS_DENIED if detail == error.default_detail else detail)
        case DjangoPermissionDenied():
            return ErrorResponse(HTTPStatus.FORBIDDEN, ACCESS_DENIED)
        case exceptions.Throttled():
            detail = "Too many requests of this kind; wait as many seconds as Retry-After says"
            wait = {"Retry-After": str(getattr(error, "wait", MINUTE))}
            return ErrorResponse(HTTPStatus.TOO_MANY_REQUESTS, detail, wait)
        case exceptions.APIException():
            return ErrorResponse(HTTPStatus(error.status_code), str(error.detail))
        case Unavailable():
            log.error("refused with 503: %r; see /readyz", error)
            return ErrorResponse(HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE, {"Retry-After": "60"})
        case ConcurrentChange():
            return ErrorResponse(HTTPStatus.CONFLICT, CONCURRENT_CHANGE_MESSAGE)
        case VersionMismatch():
            detail = "It has changed since you read it; get it again and retry"
            return ErrorResponse(HTTPStatus.PRECONDITION_FAILED, detail)
        case IntegrityError():
            return _conflict(error, getattr(view, "unique", {}))
        case OperationalError() | InterfaceError():
            return _database_error(error)
        case _:
            return None


def _database_error(error: OperationalError | InterfaceError) -> ErrorResponse:
    """Map a database error that ended the transaction."""
    match error.__cause__:
        case DeadlockDetected():
            return ErrorResponse(HTTPStatus.CONFLICT, CONCURRENT_CHANGE_MESSAGE)
        case QueryCanceled():
            return ErrorResponse(HTTPStatus.SERVICE_UNAVAILABLE, TIMEOUT_MESSAGE, {"Retry-After": "60"})
        case _:
            detail = DEFAULT_MESSAGES[HTTPStatus.SERVICE_UNAVAILABLE]
            return ErrorResponse(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})


def _conflict(error: IntegrityError, unique: Mapping[str, str]) -> ErrorResponse | None:
    """Map the violation of a unique constraint to a message that names the field."""
    constraint = str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", None))
    if constraint not in unique:
        return None
    return ErrorResponse(HTTPStatus.CONFLICT, f"This {unique[constraint]} is taken; choose another")


def _headers_for(status: HTTPStatus, error: Exception) -> dict[str, str]:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": "Bearer"}
        case HTTPStatus.TOO_MANY_REQUESTS:
            return {"Retry-After": str(getattr(error, "retry_after", 60))}
        case _:
            return {}
