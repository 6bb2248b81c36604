"""CORS allows every header that the code reads, exposes every header that it sends, and no others."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from tests.architecture.sources import ROOT, Module, modules

API = [module for module in modules().values() if not module.name.startswith(("web.console", "web.account"))]
SCHEMAS = [json.loads(path.read_text()) for path in sorted((ROOT / "docs/openapi").glob("*.json"))]
OF_REQUEST = re.compile(r"request\W*\.(headers|META)$")
# With a hyphen, or one of the few of RFC 9110 and 8288 that have none.
WORDS = "Accept|Age|Allow|Date|ETag|Expires|From|Host|Link|Location|Origin|Pragma|Prefer|Range|Server|Vary|Via|Warning"
NAME = re.compile(rf"(?=.*[a-z])[A-Za-z]+(-[A-Za-z]+)+|{WORDS}|Authorization|Cookie")

# By the Fetch standard: what no script may set, what every script may read. What proxies say, pages have no say in.
NOT_FOR_SCRIPTS = re.compile(r"(sec|proxy)-.*|origin|cookie|host|content-length")
PROXIES = re.compile(r"x-forwarded-.*")
ALWAYS_READABLE = {"cache-control", "content-language", "content-length", "content-type", "expires", "pragma"}
# What clients send unasked and nobody here reads, or only the framework does.
ASKED_BY_CLIENTS = {"content-type", "if-none-match", "x-requested-with"}
# For the browser or a cache, and nothing that a page could do anything with.
FOR_BROWSERS = {"content-disposition", "content-security-policy", "vary"}


def text(node: ast.expr | None, module: Module) -> str | None:
    """A string, or a constant of the module's that is one."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        value = getattr(importlib.import_module(module.name), node.id, None)
        return value if isinstance(value, str) else None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        value = getattr(getattr(importlib.import_module(module.name), node.value.id, None), node.attr, None)
        return value if isinstance(value, str) else None
    return None


def is_of_request(node: ast.expr) -> bool:
    return OF_REQUEST.search(ast.unparse(node)) is not None


def read(module: Module) -> Iterator[str | None]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=source, attr="get"), args=[name, *_]) if is_of_request(source):
                yield text(name, module)
            case ast.Subscript(value=source, slice=name) if is_of_request(source):
                yield text(name, module)
            case ast.Compare(left=name, comparators=[source]) if is_of_request(source):
                yield text(name, module)


def answered(module: Module) -> Iterator[str | None]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Subscript(value=source, slice=name, ctx=ast.Store()) if not is_of_request(source):
                yield text(name, module)
            case ast.Call(func=ast.Attribute(attr="setdefault"), args=[name, *_]):
                yield text(name, module)
            case ast.Dict(keys=keys, values=values) if all(is_text(value) for value in values):
                names = [text(key, module) for key in keys]
                yield from names if all(name and NAME.fullmatch(name) for name in names) else ()


def is_text(node: ast.expr) -> bool:
    """As a header's value is written: a string, a template, or the text of something."""
    is_made = isinstance(node, ast.Call) and (
        ast.unparse(node.func) == "str" or ast.unparse(node.func).endswith(".join")
    )
    return is_made or isinstance(node, ast.JoinedStr | ast.Constant)


def spelled(name: str) -> str:
    """As HTTP has it, in small letters: what WSGI calls HTTP_ZT_SESSION is zt-session."""
    return name.removeprefix("HTTP_").replace("_", "-").lower()


def in_schemas(kind: str) -> set[str]:
    found: set[str] = set()
    for schema in SCHEMAS:
        schemes = schema["components"].get("securitySchemes", {}).values()
        found |= {scheme["name"].lower() for scheme in schemes if kind == "sent" and scheme.get("in") == "header"}
        for operation in (each for path in schema["paths"].values() for each in path.values()):
            found |= named_in(operation, kind)
    return found


def named_in(operation: dict[str, Any], kind: str) -> set[str]:
    if kind == "sent":
        return {each["name"].lower() for each in operation.get("parameters", ()) if each["in"] == "header"}
    return {name.lower() for answer in operation["responses"].values() for name in answer.get("headers", ())}


def sent() -> set[str]:
    found = {name for module in API for name in read(module) if name}
    names = {spelled(name) for name in found if name.startswith("HTTP_") or NAME.fullmatch(name)} | in_schemas("sent")
    return {name for name in names if not NOT_FOR_SCRIPTS.fullmatch(name) and not PROXIES.fullmatch(name)}


def received() -> set[str]:
    found = {name.lower() for module in API for name in answered(module) if name and NAME.fullmatch(name)}
    return (found | in_schemas("received")) - ALWAYS_READABLE - FOR_BROWSERS


def test_every_request_header_that_is_read_is_allowed_by_cors():
    allowed = set(settings.CORS_ALLOW_HEADERS)
    assert len(sent()) > 8
    assert sent() - allowed == set()
    assert allowed - sent() == ASKED_BY_CLIENTS


def test_every_response_header_is_exposed_by_cors():
    exposed = {name.lower() for name in settings.CORS_EXPOSE_HEADERS}
    assert received() == exposed
