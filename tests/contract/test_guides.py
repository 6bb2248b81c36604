"""Runs the commands of each guide in one shell and compares the output with what is shown."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from django.conf import settings

from accounts.models import Role
from core.access import Scope
from tests.contract.test_dialect_chapters import run, unlike
from tests.servers import Servers
from tests.world import PASSWORD, World

DOCS = Path(settings.BASE_DIR) / "docs"
EXAMPLES = DOCS / "examples"
GUIDES = [*(DOCS / f"{name}.md" for name in ("tutorial", "api", "integration")), *sorted(DOCS.glob("howto/*.md"))]
BLOCK = re.compile(r"^( *)```console\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SEPARATOR = "next command"
# What is not shown must have worked; what is shown may be a refusal.
CURL = 'curl() { if [ "$is_shown" ]; then command curl "$@"; else command curl --fail-with-body -sS "$@"; fi; }'

each_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)


def steps(guide: Path) -> Iterator[tuple[str, str]]:
    """Each command of a guide, with the output that follows it there."""
    for _, block in BLOCK.findall(guide.read_text()):
        for step in f"\n{dedent(block)}".split("\n$ ")[1:]:
            lines = step.splitlines()
            last = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
            yield "\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :]).strip()


@pytest.fixture
def demo(servers: Servers, committed_world: World) -> dict[str, str]:
    """What the demo data calls what the guides speak of, and what it is called here."""
    world = committed_world
    for name, role in (("ada", Role.USER), ("admin", Role.TENANT_ADMIN)):
        world.signed_in(world.person(name, world.north, role))
    service = f"guided{world.suffix}"
    world.make_service(service, list(Scope))
    return {
        "http://127.0.0.1:8000": servers.urls[0],
        "super@curfew.example": world.super_admin.user.email,
        "partner@acme.example": world.acme_partner.user.email,
        "curfew-demo": PASSWORD,
        "@north.": f"@{world.north.slug}.",
        "search=north": f"search={world.north.slug}",
        "demo-service": service,
        '"initech"': f'"initech{world.suffix}"',
        '\\"west\\"': f'\\"west{world.suffix}\\"',
    }


def outputs_of(guide: Path, demo: dict[str, str]) -> list[str]:
    commands = [f"is_shown={'yes' if shown else ''}\n{command}" for command, shown in steps(guide)]
    script = f"\necho '{SEPARATOR}'\n".join(commands)
    for name, ours in demo.items():
        script = script.replace(name, ours)
    done = subprocess.run(
        ["sh", "-c", f"{CURL}\n{script}"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    told = done.stdout.replace(demo["@north."], "@north.")
    return [output.strip() for output in told.split(SEPARATOR)]


@each_guide
def test_every_documented_command_answers_as_shown(guide: Path, demo: dict[str, str]):
    shown, outputs = list(steps(guide)), outputs_of(guide, demo)
    assert len(outputs) == len(shown) > 10
    for (command, expected), output in zip(shown, outputs, strict=True):
        if expected.startswith("{"):
            assert list(unlike(json.loads(expected), json.loads(output))) == [], f"{command}\n{output}"
        elif expected:
            assert output == expected, command


def test_example_client_lists_every_session(demo: dict[str, str], committed_world: World):
    admin, ada = committed_world.north_admin, committed_world.ada
    here = {"PATH": os.environ["PATH"], "CURFEW": demo["http://127.0.0.1:8000"]}
    here |= {"EMAIL": admin.user.email, "PASSWORD": PASSWORD}
    said = run([sys.executable, str(EXAMPLES / "v1_client.py")], here)
    assert ada.session_id in said
    assert said.count("* ses_") == 1


def test_example_verifier_accepts_tokens_of_users_only(demo: dict[str, str], committed_world: World):
    ada, service = committed_world.ada, committed_world.service(Scope.ADMIN_READ)
    verify = [sys.executable, str(EXAMPLES / "verify_token.py")]
    here = {"PATH": os.environ["PATH"], "CURFEW": demo["http://127.0.0.1:8000"]}
    assert ada.session_id in run(verify, here | {"TOKEN": str(ada.token)})
    for token in (str(service.token), f"{ada.token}x", "nonsense"):
        refused = subprocess.run(verify, env=here | {"TOKEN": token}, capture_output=True, text=True, timeout=60)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith("Refused: ")
