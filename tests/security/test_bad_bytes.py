"""Request bodies that are not JSON in UTF-8, or do not declare that they are."""

import gzip
import json

import pytest

from tests.cells import cells
from tests.samples import sampled
from tests.security.answers import assert_error_at, refused
from tests.security.conftest import Endpoint
from tests.security.routes import JSON, Operation, with_json, without_body
from tests.world import World

pytestmark = pytest.mark.sampled
DEEP = 100_000
BOMB = gzip.compress(b"x" * 10_000_000)
NOT_JSON = {
    "truncated in a name": b'{"ema',
    "truncated after a value": b'{"email": "ada@north.example"',
    "truncated in an escape": b'{"email": "\\u00',
    "only a brace": b"{",
    "a bare word": b"email",
    "single quotes": b"{'email': 'ada'}",
    "more digits than Python reads": b'{"email": ' + b"9" * 5_000 + b"}",
    "nested as deep as Python's own reader fails": b"[" * 1_010 + b"]" * 1_010,
    "a comment": b'{"email": "ada" /* who */}',
    "a trailing comma": b'{"email": "ada",}',
    "two documents": b"{}{}",
    "text after it": b'{"email": "ada"} and more',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"email": NaN}',
    "Infinity": b'{"email": Infinity}',
    "-Infinity": b'{"email": -Infinity}',
    "a control character": b'{"email": "a\x01b"}',
    "a NUL byte": b'{"email": "a\x00b"}',
    "only NUL bytes": b"\0\0\0\0",
    "invalid UTF-8": b'{"email": "\xff\xfe"}',
    "an overlong slash": b'{"email": "\xc0\xaf"}',
    "a raw lone surrogate": b'{"email": "\xed\xa0\x80"}',
    "an escaped lone surrogate": b'{"email": "\\ud800"}',
    "an escaped lone low surrogate": b'{"email": "\\udc00 tail"}',
    "surrogates the wrong way round": b'{"email": "\\udc00\\ud800"}',
    "a surrogate in a name": b'{"\\ud800": 1}',
    "UTF-16": json.dumps({"email": "ada"}).encode("utf-16"),
    "UTF-32": json.dumps({"email": "ada"}).encode("utf-32"),
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep arrays, never closed": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a deep field": b'{"email":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "compressed": gzip.compress(b'{"email": "ada"}'),
}
NOT_SAID_TO_BE_JSON = [
    "",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/json-patch+json",
    "application/json, text/plain",
    "application/jsonp",
    "json",
    "multipart/form-data; boundary=x",
    "text/json",
    "text/plain",
    "\u00ff/\u00ff",
]
OTHER_CHARSETS = ["utf-16", "UTF-16LE", "latin-1", "utf-7", "utf-8-sig", "nonsense", "'utf-8'", "utf-8\\"]
OTHER_ENCODINGS = ["gzip", "deflate", "br", "identity, gzip", "compress", "zstd"]

JSON_SAID_RIGHT = [
    "application/json; charset=utf-8",
    'APPLICATION/JSON;charset="UTF-8"',
    "application/json ; charset=utf8; x=y",
    "application/json;",
]


def invalid_json_is_422(operation: Operation, endpoint: Endpoint) -> None:
    for case, body in sampled(NOT_JSON.items(), operation):
        (flaw,) = refused(endpoint.send_bytes(body), 422, case)
        assert (flaw["loc"][0], flaw["type"]) == ("body", "json_invalid"), case


def duplicate_field_is_422(operation: Operation, endpoint: Endpoint) -> None:
    """Two JSON parsers could use different ones of them."""
    for name in operation.required:
        for twins in ('"one", "{}": "two"', '1, "{}": 2', 'null, "{}": "two"'):
            body = f'{{"{name}": {twins.format(name)}}}'
            (flaw,) = refused(endpoint.send_bytes(body.encode()), 422, body)
            assert flaw["type"] == "json_invalid", body


def missing_body_is_422(operation: Operation, endpoint: Endpoint) -> None:
    for content_type in (JSON, "", "text/plain"):
        assert_error_at(endpoint.send_bytes(b"", content_type), ["body", operation.required[0]], content_type)


def unsupported_content_type_is_415(operation: Operation, endpoint: Endpoint) -> None:
    body = json.dumps(operation.plausible()).encode()
    for content_type in sampled(NOT_SAID_TO_BE_JSON, operation):
        refused(endpoint.send_bytes(body, content_type), 415, content_type)


def unsupported_charset_or_encoding_is_415(operation: Operation, endpoint: Endpoint) -> None:
    body = json.dumps(operation.plausible()).encode()
    for charset in sampled(OTHER_CHARSETS, operation):
        refused(endpoint.send_bytes(body, f"application/json; charset={charset}"), 415, charset)
    for encoding in sampled(OTHER_ENCODINGS, operation):
        refused(endpoint.send_bytes(body, **{"Content-Encoding": encoding}), 415, encoding)
    refused(endpoint.send_bytes(BOMB, **{"Content-Encoding": "gzip"}), 415, "a bomb")


def every_spelling_of_the_json_content_type_is_accepted(operation: Operation, endpoint: Endpoint) -> None:
    """These are parsed as empty objects, unlike the content types above."""
    for content_type in JSON_SAID_RIGHT:
        assert_error_at(endpoint.send_bytes(b"{}", content_type), ["body", operation.required[0]], content_type)


@pytest.mark.parametrize("operation", with_json(), ids=str)
def test_body_that_is_not_json_is_refused(operation: Operation, endpoint: Endpoint):
    invalid_json_is_422(operation, endpoint)
    duplicate_field_is_422(operation, endpoint)
    unsupported_content_type_is_415(operation, endpoint)
    unsupported_charset_or_encoding_is_415(operation, endpoint)
    body_over_the_limit_is_413(operation, endpoint)
    if operation.required:
        missing_body_is_422(operation, endpoint)
        every_spelling_of_the_json_content_type_is_accepted(operation, endpoint)


@cells("operation", [each for each in with_json() if not each.required], ids=str)
def test_missing_body_equals_an_empty_object_if_all_is_optional(operation: Operation, world: World):
    caller = operation.caller(world)
    endpoint = Endpoint(caller, operation.method, operation.url(world, caller))
    answers = [endpoint.send_bytes(b"", content_type) for content_type in (JSON, "", "text/plain")]
    answers += [endpoint.send_bytes(b"{}", content_type) for content_type in JSON_SAID_RIGHT]
    assert {answer.status_code for answer in answers} in ({200}, {422})


def body_over_the_limit_is_413(operation: Operation, endpoint: Endpoint) -> None:
    ten_mebibytes = b'{"email": "' + b"x" * 10 * 1024 * 1024 + b'"}'
    for content_type in sampled((JSON, "text/plain", ""), operation):
        refused(endpoint.send_bytes(ten_mebibytes, content_type), 413, content_type)


@cells("operation", without_body(), ids=str)
def test_endpoint_without_a_body_ignores_one(operation: Operation, world: World):
    caller = operation.caller(world)
    endpoint = Endpoint(caller, operation.method, operation.url(world, caller))
    assert endpoint.send_bytes(NOT_JSON["truncated in a name"]).status_code in (200, 204, 409)
