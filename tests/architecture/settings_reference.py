"""`make schema`: the tables of docs/configuration.md, from config/settings.py and the texts of .env.example."""

import ast
import re
from typing import Any

from django.conf import settings

from tests.architecture.sources import ROOT
from tests.architecture.test_example_environment import EXAMPLE, readings

PAGE = ROOT / "docs/configuration.md"
TABLES = re.compile(r"(?<=<!-- settings -->\n\n).*(?=\n<!-- /settings -->)", re.DOTALL)
SECTION = re.compile(r"^# == ([^\n]+) ==\n(.*?)(?=^# == |\Z)", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"((?:^# .+\n)+?)^(?:# )?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
TYPES = {"env.bool": "true or false", "env.int": "number", "env.list": "list"}
# What the defaults in the settings are made of, in production.
NAMES = {"DEVELOPMENT": False, "ALLOWED_HOSTS": ["curfew.example.com"], "PRODUCT": settings.PRODUCT}
HEAD = "| name | type | default | what it does |\n|---|---|---|---|\n"


def tables() -> str:
    return "\n".join(
        f"## {title}\n\n{HEAD}" + "".join(row(name, text) for text, name in SETTING.findall(entries))
        for title, entries in SECTION.findall(EXAMPLE)
    )


def row(name: str, text: str) -> str:
    sentence = re.sub(r"\s*\n# |^# ", " ", text).strip().removesuffix(".")
    code = re.sub(r"(?<![`\w/])([A-Z]+_[A-Z_]+|Retry-After|X-Forwarded-For|/[a-z.]{4,})(?![\w`])", r"`\1`", sentence)
    linked = re.sub(r"docs/(?:\w+/)*(\w+)\.md(#[\w-]+)?", link, code)
    return f"| `{name}` | {kind(name)} | {default(name)} | {linked} |\n"


def link(path: re.Match[str]) -> str:
    return f"[{path[1].replace('_', ' ')}]({path[0].removeprefix('docs/')})"


def calls(name: str) -> list[ast.Call]:
    return [call for each, call in readings() if each == name]


def kind(name: str) -> str:
    kinds = {TYPES.get(ast.unparse(call.func)) for call in calls(name)} - {None}
    return next(iter(kinds)) or "" if kinds else "URL" if name.endswith("_URL") else "text"


def default(name: str) -> str:
    if any(ast.unparse(call.func) == "required" for call in calls(name)):
        return "required"
    [expression] = {ast.unparse(each.value) for call in calls(name) for each in call.keywords if each.arg == "default"}
    value: Any = eval(expression, dict(NAMES))
    return "none" if value in ("", []) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(TABLES.sub(lambda _: tables(), PAGE.read_text()))
