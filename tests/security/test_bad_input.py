"""Invalid JSON bodies, sent to every route that has a body."""

import pytest

from tests.samples import sampled
from tests.security.answers import assert_error_at
from tests.security.conftest import Endpoint
from tests.security.routes import Operation, kinds, with_json

WRONG = {
    "string": [1, 1.5, True, [], ["text"], {}, {"id": "text"}, 10**30],
    "integer": ["text", "", [], {}, 1.5, {"id": 1}],
    "number": ["text", "", [], {}],
    "boolean": ["perhaps", [], {}, 2],
    "array": [1, True, {}],
    "object": [1, True, [], ["text"]],
}
NOT_OBJECTS = [None, [], [{}], [None], "text", "", "{}", 0, 1.5, True]
UNKNOWN = ["", " ", "id", "is_superuser", "tenant_id", "__proto__", "constructor", "a.b", "EMAIL", "ключ", "x" * 10_000]


def body_that_is_no_object(operation: Operation, endpoint: Endpoint) -> None:
    for value in sampled(NOT_OBJECTS, operation):
        assert_error_at(endpoint.send(value), ["body"], value)


def missing_required_field(operation: Operation, endpoint: Endpoint) -> None:
    for name in operation.required:
        body = operation.plausible()
        del body[name]
        assert_error_at(endpoint.send(body), ["body", name], f"without {name}")


def unknown_field(operation: Operation, endpoint: Endpoint) -> None:
    for name in sampled(UNKNOWN, operation):
        if name not in operation.fields:
            assert_error_at(endpoint.send(operation.plausible() | {name: 1}), ["body", name], f"with {name[:20]!r}")


def field_of_the_wrong_type(operation: Operation, endpoint: Endpoint) -> None:
    for name, field in operation.fields.items():
        for value in sampled(
            [value for kind in kinds(field) - {"null"} for value in WRONG[kind]], f"{operation} {name}"
        ):
            assert_error_at(endpoint.send(operation.plausible() | {name: value}), ["body", name], f"{name}={value!r}")


def null_field(operation: Operation, endpoint: Endpoint) -> None:
    for name, field in operation.fields.items():
        if "null" not in kinds(field):
            assert_error_at(endpoint.send(operation.plausible() | {name: None}), ["body", name], name)


def text_with_a_null_byte(operation: Operation, endpoint: Endpoint) -> None:
    for name, field in operation.fields.items():
        if "string" in kinds(field):
            for value in sampled(("\0", "text\0", "\0text"), f"{operation} {name}"):
                assert_error_at(
                    endpoint.send(operation.plausible() | {name: value}), ["body", name], f"{name}={value!r}"
                )


def too_long_or_empty_text(operation: Operation, endpoint: Endpoint) -> None:
    for name, field in operation.fields.items():
        beyond = ["x" * (field["maxLength"] + 1), "x" * 1_000_000] if "maxLength" in field else []
        for value in [*beyond, *([""] if field.get("minLength") else [])]:
            assert_error_at(
                endpoint.send(operation.plausible() | {name: value}), ["body", name], f"{name}={value[:9]!r}"
            )


@pytest.mark.sampled
@pytest.mark.parametrize("operation", with_json(), ids=str)
def test_invalid_body_is_422(operation: Operation, endpoint: Endpoint):
    body_that_is_no_object(operation, endpoint)
    missing_required_field(operation, endpoint)
    unknown_field(operation, endpoint)
    field_of_the_wrong_type(operation, endpoint)
    null_field(operation, endpoint)
    text_with_a_null_byte(operation, endpoint)
    too_long_or_empty_text(operation, endpoint)
