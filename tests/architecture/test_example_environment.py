"""`.env.example` has exactly the variables that config/settings.py reads."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from tests.architecture.sources import ROOT

EXAMPLE = (ROOT / ".env.example").read_text()
ENTRY = re.compile(r"^(# )?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)  # those after a "# " show what holds without them
READER = re.compile(r"required|env(\.\w+)?|os\.getenv|os\.environ\.\w+")


def readings() -> Iterator[tuple[str, ast.Call]]:
    """Each place where settings read a variable, with its name."""
    for node in ast.walk(ast.parse((ROOT / "config/settings.py").read_text())):
        if isinstance(node, ast.Call) and READER.fullmatch(ast.unparse(node.func)):
            match node.args:
                case [ast.Constant(value=str(name)), *_]:
                    yield name, node


def read_by_settings() -> set[str]:
    return {name for name, _ in readings()}


def check(values: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """`manage.py check` with these variables alone; empty ones keep a .env of the developer's out of it."""
    environment = {"PATH": os.environ["PATH"], **dict.fromkeys(("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"), "")}
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env=environment | values, capture_output=True, text=True)


def test_example_environment_names_every_setting_exactly_once():
    assert Counter(name for _, name, _ in ENTRY.findall(EXAMPLE)) == dict.fromkeys(read_by_settings(), 1)


def test_example_environment_explains_every_setting():
    unexplained = [
        line
        for above, line in pairwise(EXAMPLE.splitlines())
        if ENTRY.match(line) and (not above.startswith("# ") or ENTRY.match(above))
    ]
    assert unexplained == []


def test_example_environment_can_be_read_by_the_settings():
    shown = {name: value for _, name, value in ENTRY.findall(EXAMPLE)}
    checked = check(shown | {"SECRET_KEY": "made by whoever copied it"})
    assert checked.returncode == 0, checked.stderr


def test_example_environment_needs_a_secret_key_to_start():
    copied = {name: value for commented, name, value in ENTRY.findall(EXAMPLE) if not commented}
    checked = check(copied)
    assert checked.returncode != 0
    assert "SECRET_KEY is not set" in checked.stderr
