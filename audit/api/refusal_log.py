"""Record refused requests of known callers, after the request's own transaction has been rolled back."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from rest_framework.response import Response

from audit.actions import Action, Result
from audit.operations import record_refusal
from core.access import Principal
from core.api import v1
from core.api.errors import ErrorResponse, error_response_for

RECORDED: dict[int, tuple[Action, Result]] = {
    HTTPStatus.CONFLICT: (Action.ACT_REFUSED, Result.FAILURE),
    HTTPStatus.FORBIDDEN: (Action.ACCESS_DENIED, Result.DENIED),
}
MAX_SEGMENT = 40
Handler = Callable[[Exception, Mapping[str, Any]], Response | None]


def recording_refusals(handler: Handler) -> Handler:
    """Wrap a dialect's exception handler so that it records refusals, whatever errors the dialect answers with."""

    def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
        response, refusal = handler(error, context), error_response_for(error, context["view"])
        if is_recorded(refusal):  # otherwise request.auth is not read: authentication may be what failed
            record_refused_request(refusal, context["request"], context["request"].auth)
        return response

    return handle


def is_recorded(refusal: ErrorResponse | None) -> bool:
    return refusal is not None and refusal.status in RECORDED


def record_refused_request(refusal: ErrorResponse | None, request: Any, caller: Any) -> None:
    if refusal and is_recorded(refusal) and isinstance(caller, Principal):
        action, result = RECORDED[refusal.status]
        detail = refusal.detail["detail"] if isinstance(refusal.detail, dict) else refusal.detail
        changes = {"method": request.method, "path": without_secrets(quote(request.path))[:300], "detail": detail}
        record_refusal(action, actor=caller, result=result, changes=changes)


exception_handler = recording_refusals(v1.exception_handler)


def without_secrets(path: str) -> str:
    """Shorten the parts of a path that are long enough to be credentials put there by mistake."""
    return "/".join(part if len(part) <= MAX_SEGMENT else f"{part[:4]}..." for part in path.split("/"))
