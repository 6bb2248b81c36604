"""Examples in the published schema are valid, and every text or list field has one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cells import cells

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/openapi/v1.json").read_text())
COMPONENTS = SCHEMA["components"]["schemas"]
ENVELOPES = ("ApiResponse_", "PaginatedResponse_", "MetaResponse", "PaginationMeta", "Error", "HTTPValid", "Validation")


def properties() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, component in COMPONENTS.items():
        if not name.startswith(ENVELOPES):
            yield from ((name, each, schema) for each, schema in component.get("properties", {}).items())


SHOWN = [pytest.param(*each, id=f"{each[0]}.{each[1]}") for each in properties() if "examples" in each[2]]


@cells(("component", "name", "schema"), SHOWN)
def test_example_is_valid_against_its_schema(component: str, name: str, schema: dict[str, Any]):
    validator = Draft202012Validator({**schema, "components": SCHEMA["components"]})
    assert [error.message for value in schema["examples"] for error in validator.iter_errors(value)] == []


def test_every_text_and_list_field_has_an_example():
    """The type of a text says little; numbers, booleans and enums explain themselves."""
    silent = {
        f"{component}.{name}"
        for component, name, schema in properties()
        if {"string", "array"} & set(kinds(schema)) and "examples" not in schema and "enum" not in schema
        if not has_rules(component) and "null" not in kinds(schema) and "$ref" not in schema.get("items", {})
    }
    assert silent == {"Jwks.keys"}  # RFC 7517 says what is in it


def kinds(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else kind


def has_rules(component: str) -> bool:
    return "then" in COMPONENTS[component]
