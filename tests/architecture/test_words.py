"""Texts that must not be in the repository, and names that no module may have."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, modules
from tests.cells import cells

NAMELESS = {"helpers", "managers", "repositories", "selectors", "services", "utils"}
# Spelled in pieces, so that this file need not be passed over.
UNFINISHED = ["TO" + "DO", "FIX" + "ME"]
MACHINES = ["/" + "work/", "/" + "root/", "/" + "home/"]
REGISTRIES = ["pypi" + ".org", "files.python" + "hosted.org", "deb.debian" + ".org", "registry.npm" + "js.org"]
NOT_OURS = {".git", ".site", "__pycache__", "node_modules", "staticfiles"}


def files() -> Iterator[Path]:
    """Everything that is, or would be, committed."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS and not name.startswith(".venv") and not name.endswith("cache")
        ]
        if Path(folder) == ROOT:
            folders[:] = [name for name in folders if name not in {".hypothesis", ".test"}]
            names = [name for name in names if name != ".env" and not name.startswith(".coverage")]
        yield from (Path(folder) / name for name in names if not name.endswith(".pyc"))


def holding(word: str, *, whole: bool) -> list[str]:
    pattern = re.compile((rf"\b{word}\b" if whole else re.escape(word)).encode())
    return [str(path.relative_to(ROOT)) for path in files() if pattern.search(path.read_bytes())]


@cells("word", UNFINISHED)
def test_no_unfinished_marks_remain(word: str):
    assert holding(word, whole=True) == []


@cells("place", MACHINES)
def test_no_machine_of_ours_shows(place: str):
    assert holding(place, whole=False) == []


@cells("host", REGISTRIES)
def test_package_registries_are_not_named(host: str):
    """Whoever installs the packages chooses where they come from."""
    assert holding(host, whole=False) == []


def test_every_file_of_the_repository_is_checked():
    found = {str(path.relative_to(ROOT)) for path in files()}
    assert {"pyproject.toml", "tests/architecture/test_words.py", "docs/openapi/v1.json"} <= found


def test_module_names_say_what_the_module_contains():
    parts = {name: set(name.split(".")) & NAMELESS for name in modules()}
    assert {name: found for name, found in parts.items() if found} == {}
