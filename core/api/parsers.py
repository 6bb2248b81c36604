import json
from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.parsers import BaseParser

_UTF8 = ("", "utf-8", "utf8")


class TooLarge(APIException):
    status_code = 413
    default_detail = "The request body is larger than the server accepts"


class NotJSON(Exception):
    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class JSONParser(BaseParser):
    """Strict JSON in UTF-8 (RFC 7493): no NaN, no lone surrogates, no name twice, no nesting to exhaust the stack."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {})["request"]
        charset = request.content_type.lower().partition("charset=")[2].partition(";")[0].strip(' "')
        if charset not in _UTF8 or request.headers.get("Content-Encoding", "identity") != "identity":
            raise UnsupportedMediaType(request.content_type)
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        return loads_strict(body)


def loads_strict(body: bytes) -> Any:
    """Parse JSON, or raise NotJSON."""
    try:
        orjson.loads(body)
        return json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise NotJSON(getattr(error, "pos", 0)) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse duplicate names, of which two parsers might use different values."""
    pairs_by_name = dict(pairs)
    if len(pairs_by_name) < len(pairs):
        raise ValueError("a name occurs twice")
    return pairs_by_name
