"""The project's modules as syntax trees: their imports and definitions."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from django.conf import settings

PACKAGES = ("core", "audit", "tenancy", "accounts", "sessions_app", "web", "config")  # each knows those to its left
ROOT = Path(settings.BASE_DIR)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_migration(self) -> bool:
        return ".migrations." in self.name

    @cached_property
    def imports(self) -> frozenset[str]:
        """Every module named, wherever in the file: `from a import b` names `a`, and `a.b` if that may be one."""
        return frozenset(name for node in ast.walk(self.tree) for name in _named(node, self))

    @property
    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def __str__(self) -> str:
        return self.name


@cache
def modules() -> dict[str, Module]:
    return {module.name: module for package in PACKAGES for module in modules_of(package)}


def modules_of(package: str) -> list[Module]:
    return [Module(_name_of(path), path) for path in sorted((ROOT / package).rglob("*.py"))]


def everything_imported_by(module: Module) -> frozenset[str]:
    """What importing it brings in: its own imports, and those of our modules that they lead to."""
    seen: set[str] = set()
    waiting = [module.name]
    while waiting:
        name = waiting.pop()
        ours = modules().get(name)
        if name not in seen and ours:
            waiting += [each for imported in ours.imports for each in _with_parents(imported)]
        seen.add(name)
    return frozenset(seen - {module.name})


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _named(node: ast.AST, module: Module) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = _resolved(node, module)
        yield start
        yield from (f"{start}.{alias.name}" for alias in node.names)


def _resolved(node: ast.ImportFrom, module: Module) -> str:
    if not node.level:
        return node.module or ""
    here = module.name.split(".") if module.path.name == "__init__.py" else module.name.split(".")[:-1]
    return ".".join([*here[: len(here) - node.level + 1], *([node.module] if node.module else [])])


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[: i + 1]) for i in range(len(parts)))


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
