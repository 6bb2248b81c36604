"""The tutorial, followed: its commands run one after the other in one shell, and answer as it shows."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Role
from tests.contract.test_dialect_chapters import unlike
from tests.servers import Servers
from tests.world import PASSWORD, World

TUTORIAL = Path(settings.BASE_DIR) / "docs" / "tutorial.md"
SEPARATOR = "next command"


def steps() -> Iterator[tuple[str, str]]:
    """Each command of the tutorial, with the output that follows it there."""
    for block in TUTORIAL.read_text().split("```console\n")[1:]:
        for step in f"\n{block.partition('```')[0]}".split("\n$ ")[1:]:
            lines = step.splitlines()
            last = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
            yield "\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :]).strip()


@pytest.fixture
def outputs(servers: Servers, committed_world: World) -> list[str]:
    for name, role in (("ada", Role.USER), ("admin", Role.TENANT_ADMIN)):
        committed_world.signed_in(committed_world.person(name, committed_world.north, role))
    script = f"\necho '{SEPARATOR}'\n".join(command for command, _ in steps())
    demo = {
        "http://127.0.0.1:8000": servers.urls[0],
        "curfew-demo": PASSWORD,
        "@north.": f"@{committed_world.north.slug}.",
    }
    for name, ours in demo.items():
        script = script.replace(name, ours)
    done = subprocess.run(
        ["sh", "-c", script], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    told = done.stdout.replace(demo["@north."], "@north.")
    return [output.strip() for output in told.split(SEPARATOR)]


def test_every_command_of_the_tutorial_answers_as_shown(outputs: list[str]):
    shown = list(steps())
    assert len(outputs) == len(shown) > 10
    for (command, expected), output in zip(shown, outputs, strict=True):
        if expected.startswith("{"):
            assert list(unlike(json.loads(expected), json.loads(output))) == [], f"{command}\n{output}"
        else:
            assert output == expected, command
