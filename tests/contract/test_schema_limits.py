"""The published schema has every limit of the serializers; every text, number and list of a body is limited."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from rest_framework import serializers

from core.api.fields import IdField, StrictString, UniqueList
from core.ids import Prefix, pattern
from core.models import defaults_of
from tests.contract.v1.answers import flaws
from tests.security.routes import reads
from tests.world import World
from web.console.resources import RESOURCES

COMPONENTS = json.loads((Path(__file__).parents[2] / "docs/openapi/v1.json").read_text())["components"]["schemas"]
MODULES = (
    *("accounts.api.v1.serializers." + name for name in ("clients", "groups", "identity_providers", "mine", "people")),
    *("sessions_app.api.v1.serializers", "tenancy.api.v1.serializers"),
)
FIXED = pattern(Prefix.USER).partition("_")[2]  # the pattern of an id limits its length


def bodies() -> Iterator[tuple[str, type[serializers.Serializer], dict[str, Any]]]:
    """Every component that describes a body, with its serializer."""
    classes = {name: each for module in MODULES for name, each in vars(import_module(module)).items()}
    for component, schema in COMPONENTS.items():
        name = component.removeprefix("Patched").removesuffix("Request")
        found = classes.get(component.removeprefix("Patched"), classes.get(name))
        if component.endswith("Request") and isinstance(found, type) and issubclass(found, serializers.Serializer):
            yield component, found, schema


def limits_of(field: serializers.Field) -> dict[str, Any]:
    """What a JSON schema has to say of a field."""
    limits: dict[str, Any] = {}
    match field:
        case UniqueList() | serializers.ListField():
            limits = {"maxItems": field.max_length, "uniqueItems": isinstance(field, UniqueList) or None}
            limits["items"] = limits_of(field.child)
        case serializers.ChoiceField():
            limits = {"enum": set(field.choices)}
        case serializers.IntegerField():
            limits = {"minimum": field.min_value, "maximum": field.max_value}
        case serializers.EmailField():
            limits = {"format": "email", "maxLength": field.max_length}
        case serializers.CharField():
            limits = {"maxLength": field.max_length}
            limits |= {"pattern": field.pattern} if isinstance(field, StrictString) else {}
            limits |= {} if field.allow_blank or isinstance(field, IdField) else {"minLength": 1}
    limits["is_nullable"] = field.allow_null
    return {name: limit for name, limit in limits.items() if limit is not None}


def limits_in(schema: dict[str, Any]) -> dict[str, Any]:
    """What the schema says, whichever way it is put together."""
    variants = [part for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, ())]
    variants += [COMPONENTS[schema["$ref"].rpartition("/")[2]]] if "$ref" in schema else []
    said = {name: limit for each in variants[:1] for name, limit in limits_in(each).items()} | schema
    if isinstance(said.get("enum"), list):
        said["enum"] = set(said["enum"]) - {None}
    if "items" in said:
        said["items"] = limits_in(said["items"])
    kinds = said.get("type", [])
    nulls = [each for each in variants if each.get("$ref", "").endswith("NullEnum")]
    return said | {"is_nullable": bool(nulls) or (isinstance(kinds, list) and "null" in kinds)}


def differences(expected: dict[str, Any], said: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, limit in expected.items():
        if name == "items":
            yield from differences(limit, said["items"])
        elif said.get(name) != limit:
            yield name, limit, said.get(name)


def test_every_serializer_limit_is_in_the_schema():
    wrong, seen = [], 0
    for component, serializer, schema in bodies():
        for name, field in serializer().fields.items():
            seen += 1
            said = limits_in(schema["properties"][name])
            wrong += [(component, name, *each) for each in differences(limits_of(field), said)]
            is_changed = component.startswith("Patched")
            if (name in schema.get("required", ())) != (field.required and not is_changed):
                wrong.append((component, name, "required"))
            default = field.default() if callable(field.default) else field.default
            if field.default is not serializers.empty and said.get("default", ...) != default:
                wrong.append((component, name, "default", default))
            if is_changed and "default" in said:
                wrong.append((component, name, "a change has no defaults"))
    assert wrong == []
    assert seen > 90


def test_every_request_body_is_described_by_a_compared_serializer():
    described = {component for component, _, _ in bodies()}
    objects = {name for name, schema in COMPONENTS.items() if name.endswith("Request") and "properties" in schema}
    assert objects == described
    assert len(described) > 25


def test_every_default_of_a_new_resource_is_in_the_schema():
    wrong = []
    for model, view in RESOURCES.items():
        schema = COMPONENTS[f"{view.create_serializer_class.__name__}Request"]
        said = {name: each.get("default", ...) for name, each in schema["properties"].items()}
        optional = said.keys() - set(schema["required"])
        wrong += [
            (model.__name__, name, said[name])
            for name, default in defaults_of(model).items()
            if name in optional and said[name] != default
        ]
    assert wrong == []


def test_every_text_number_and_list_of_a_body_is_limited():
    bodies = [name for name in COMPONENTS if name.endswith("Request")]
    assert [path for name in bodies for path in unlimited(name, COMPONENTS[name])] == []


def unlimited(path: str, schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        schema = COMPONENTS[schema["$ref"].rpartition("/")[2]]
    for part in (part for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, ())):
        yield from unlimited(path, part)
    for name, part in schema.get("properties", {}).items():
        yield from unlimited(f"{path}.{name}", part)
    if "items" in schema:
        yield from unlimited(f"{path}[]", schema["items"])
    kinds = schema.get("type", [])
    needed = {"string": {"maxLength"}, "integer": {"minimum", "maximum"}, "array": {"maxItems"}}
    is_limited = "enum" in schema or FIXED in schema.get("pattern", "")
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if not is_limited and not needed.get(kind, set()) <= schema.keys():
            yield path


def test_every_limit_of_a_query_parameter_is_enforced(world: World):
    """A value at the limit is accepted, and one beyond it refused, for each parameter of each list."""
    wrong = []
    for operation in reads():
        caller = operation.caller(world)
        url = operation.url(world, caller)
        for name, schema in operation.query.items():
            for value, status in at_the_limits(schema):
                answer = caller.get(f"{url}?{name}={value}")
                if answer.status_code != status or (status == 422 and flaws(answer)[0][0] != ["query", name]):
                    wrong.append((str(operation), name, value[:20], answer.status_code))
    assert wrong == []


def at_the_limits(schema: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for word in schema.get("enum", ()):
        yield word, 200
    if "maxLength" in schema:
        yield "x" * schema["maxLength"], 200
        yield "x" * (schema["maxLength"] + 1), 422
    if "maximum" in schema:
        yield from ((str(schema[each]), 200) for each in ("minimum", "maximum"))
        yield from ((str(beyond), 422) for beyond in (schema["minimum"] - 1, schema["maximum"] + 1))
