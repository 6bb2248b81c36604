"""Schemas describe everything, in words that strangers understand."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from config.docs import DIALECTS
from tests.architecture.sources import ROOT
from tests.cells import cells

SCHEMAS = {name: json.loads((ROOT / f"docs/openapi/{name}.json").read_text()) for name in DIALECTS}
RETIRED = re.compile(
    r"\b(told|said|asked|things?|whoever|whatever|somebody|meanwhile|letters?|second factor|doors?"
    r"|within (your|the caller's) reach|this very|the record)\b",
    re.IGNORECASE,
)
EACH = list(DIALECTS)
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*") if path.is_file())


def operations(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in SCHEMAS[name]["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def described(name: str) -> Iterator[tuple[str, Any]]:
    """Everything that a schema should describe, and its description."""
    schema = SCHEMAS[name]
    yield "the API", schema["info"].get("description")
    for tag in schema["tags"]:
        yield f"tag {tag['name']}", tag.get("description")
    for where, operation in operations(name):
        yield where, operation.get("description")
        for parameter in operation.get("parameters", ()):
            yield f"{where} {parameter['name']}", parameter.get("description")
    for component, each in schema["components"]["schemas"].items():
        for field, one in each.get("properties", {}).items():
            yield f"{component}.{field}", one.get("description")


def texts(part: Any) -> Iterator[str]:
    """Every summary and description, wherever in a schema it is."""
    match part:
        case dict():
            yield from (part[key] for key in ("summary", "description") if isinstance(part.get(key), str))
            for each in part.values():
                yield from texts(each)
        case list():
            for each in part:
                yield from texts(each)


@cells("name", EACH)
def test_every_part_of_a_schema_has_a_description(name: str):
    assert [where for where, text in described(name) if not text] == []


@cells("name", EACH)
def test_every_operation_has_its_own_summary_and_description(name: str):
    for part in ("summary", "description"):
        counted = Counter(operation.get(part) for _, operation in operations(name))
        assert [text for text, times in counted.items() if not text or times > 1] == []


@cells("name", EACH)
def test_every_tag_has_an_introduction(name: str):
    used = {tag for _, operation in operations(name) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in SCHEMAS[name]["tags"]}


@cells("name", EACH)
def test_api_introduction_explains_sign_in_errors_paging_and_limits(name: str):
    text = SCHEMAS[name]["info"]["description"].lower()
    assert [word for word in ("authentication", "errors", "paging", "limit", "429") if word not in text] == []


@cells("name", EACH)
def test_schema_texts_contain_no_retired_word(name: str):
    assert [text for text in texts(SCHEMAS[name]) if RETIRED.search(text)] == []


@cells("template", TEMPLATES)
def test_pages_and_mails_contain_no_retired_word(template: str):
    text = re.sub(r"\{[%{#].*?[%}#]\}|<style>.*?</style>|<[^>]+>", " ", (ROOT / template).read_text(), flags=re.DOTALL)
    assert RETIRED.findall(text) == []


def test_path_parameters_are_named_after_their_resource():
    assert [path for path in SCHEMAS["v1"]["paths"] if "{resource_id}" in path or "{id}" in path] == []
