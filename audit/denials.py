"""Every refusal that has somebody to name goes on record, once the request's own work has been undone."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from rest_framework.response import Response

from audit.actions import Action, Result
from audit.operations import record_refusal
from core import v1
from core.access import Principal

RECORDED: dict[int, tuple[Action, Result]] = {
    HTTPStatus.CONFLICT: (Action.ACT_REFUSED, Result.FAILURE),
    HTTPStatus.FORBIDDEN: (Action.ACCESS_DENIED, Result.DENIED),
}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    response = v1.exception_handler(error, context)
    request = context["request"]
    if response is not None and response.status_code in RECORDED and isinstance(request.auth, Principal):
        action, result = RECORDED[response.status_code]
        what = {"method": request.method, "path": quote(request.path)[:300], "detail": response.data["detail"]}
        record_refusal(action, actor=request.auth, result=result, changes=what)
    return response
