"""Runs every command in the documentation of the dialects and compares the output with what is shown."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts import operations as accounts
from accounts.models import Role
from config.docs import DIALECTS
from tests.servers import Servers
from tests.world import PASSWORD, SYSTEM, World

DOCS = Path(settings.BASE_DIR) / "docs"
BLOCK = re.compile(r"^```console\n\$ (?P<command>.*?[^\\])\n(?P<shown>.*?)^```", re.MULTILINE | re.DOTALL)
OTHERS = sorted(set(DIALECTS) - {"v1"})


def examples(dialect: str) -> list[re.Match[str]]:
    return list(BLOCK.finditer((DOCS / "dialects" / f"{dialect}.md").read_text()))


@pytest.fixture
def surroundings(servers: Servers, committed_world: World) -> dict[str, str]:
    """What the chapters call by name: an operator, who has signed in twice and has a key; and an administrator."""
    world = committed_world
    operator = world.super_admin
    world.person("admin", world.north, Role.TENANT_ADMIN)
    return {
        "PATH": os.environ["PATH"],
        "CURFEW": servers.urls[0],
        "EMAIL": operator.user.email,
        "PASSWORD": PASSWORD,
        "TOKEN": str(operator.token),
        "ZT": operator.key,
        "API_KEY": accounts.create_api_key(operator.user, "chapters", actor=SYSTEM).secret,
        "SESSION": world.signed_in(operator.user).session_id,
        "ADMIN_KEY": settings.ADMIN_KEY,
        "CRON_SECRET": settings.CRON_SECRET,
    }


@pytest.mark.parametrize("dialect", OTHERS)
def test_every_documented_command_answers_as_shown(dialect: str, surroundings: dict[str, str]):
    told = examples(dialect)
    assert len(told) == (DOCS / "dialects" / f"{dialect}.md").read_text().count("```console")
    assert len(told) > 3
    for example in told:
        answer = run(["sh", "-c", example["command"]], surroundings)
        differences = list(unlike(json.loads(example["shown"]), json.loads(answer)))
        assert differences == [], f"{example['command']}\n{answer}"


@pytest.mark.parametrize("dialect", OTHERS)
def test_example_client_runs_without_printing_secrets(dialect: str, surroundings: dict[str, str]):
    said = run([sys.executable, str(DOCS / "examples" / f"{dialect}_client.py")], surroundings)
    assert surroundings["SESSION"] in said
    assert not any(surroundings[secret] in said for secret in ("PASSWORD", "TOKEN", "ZT", "API_KEY", "ADMIN_KEY"))


def run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unlike(shown: Any, given: Any, where: str = "") -> Iterator[str]:
    """Values may differ; names and kinds may not."""
    if isinstance(shown, dict) and isinstance(given, dict):
        yield from (f"{where}.{name} is on one side only" for name in shown.keys() ^ given.keys())
        for name in shown.keys() & given.keys():
            yield from unlike(shown[name], given[name], f"{where}.{name}")
    elif isinstance(shown, list) and isinstance(given, list):
        if bool(shown) != bool(given):
            yield f"{where} is empty on one side only"
        for number, each in enumerate(given if shown else ()):
            yield from unlike(shown[0], each, f"{where}[{number}]")
    elif type(shown) is not type(given):
        yield f"{where}: {shown!r} was shown, and {given!r} given"
