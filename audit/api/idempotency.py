"""`Idempotency-Key` on what makes something: a request that is sent again makes nothing twice."""

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
REPEATED = "Idempotency-Replayed"
KEPT_HEADERS = ("ETag", "Location")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotentViewSet(V1ViewSet):
    """`repeatable` names the actions that may be sent again with the same key for a day."""

    repeatable: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action in self.repeatable and HEADER in request.headers:
            method = (request.method or "").lower()
            setattr(self, method, partial(self._once, getattr(self, method)))

    def _once(self, act: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers[HEADER]
        if not _KEY.fullmatch(key):
            raise ValidationFailed(
                error_item(("header", HEADER), "Input should be 1 to 255 printable characters without a space")
            )
        body = hashlib.sha256(dumps(request.data, option=orjson.OPT_SORT_KEYS)).hexdigest()

        def answer() -> Answer:
            response = act(request, *args, **kwargs)
            kept = {name: response[name] for name in KEPT_HEADERS if name in response}
            return Answer(response.status_code, kept, JSONRenderer().render(response.data).decode())

        try:
            given, is_old = run_once(self.principal, key, f"{request.method} {request.path_info} {body}", answer)
        except KeyTaken as error:
            told = "This key was already used for a different request; use a new one"
            raise ValidationFailed(error_item(("header", HEADER), told, "value_error.key_taken")) from error
        headers = given.headers | ({REPEATED: "true"} if is_old else {})
        return Response(orjson.loads(given.body), status=HTTPStatus(given.status), headers=headers)
