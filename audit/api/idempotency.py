"""`Idempotency-Key`: a request that is sent again creates nothing twice."""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from audit.idempotency import Answer, KeyTaken, run_once
from core.api.renderers import JSONRenderer
from core.api.v1 import V1ViewSet, ValidationFailed, error_item
from core.jsonb import dumps

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("ETag", "Location")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotentViewSet(V1ViewSet):
    """A view set whose `repeatable` actions can be sent again with the same key for a day."""

    repeatable: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action in self.repeatable and HEADER in request.headers:
            method = (request.method or "").lower()
            setattr(self, method, partial(self._run_once, getattr(self, method)))

    def _run_once(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers[HEADER]
        if not _KEY.fullmatch(key):
            raise ValidationFailed(
                error_item(("header", HEADER), "Input should be 1 to 255 printable characters without a space")
            )
        body = hashlib.sha256(dumps(request.data, option=orjson.OPT_SORT_KEYS)).hexdigest()

        def run() -> Answer:
            response = handler(request, *args, **kwargs)
            kept = {name: response[name] for name in KEPT_HEADERS if name in response}
            return Answer(response.status_code, kept, JSONRenderer().render(response.data).decode())

        try:
            answer, is_replayed = run_once(self.principal, key, f"{request.method} {request.path_info} {body}", run)
        except KeyTaken as error:
            message = "This key was already used for a different request; use a new one"
            raise ValidationFailed(error_item(("header", HEADER), message, "value_error.key_taken")) from error
        headers = answer.headers | ({REPLAYED: "true"} if is_replayed else {})
        return Response(orjson.loads(answer.body), status=HTTPStatus(answer.status), headers=headers)
