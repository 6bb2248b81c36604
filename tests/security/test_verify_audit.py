"""The verify_audit command: its output and exit code."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.security.tampering import on, put
from tests.servers import database_url
from tests.world import World

OK = "Audit log OK: "


def said() -> str:
    written = StringIO()
    call_command("verify_audit", stdout=written)
    return written.getvalue()


def test_intact_audit_log_is_reported_as_ok(chain: UUID):
    assert said().startswith(OK)


def test_first_altered_entry_is_named_with_exit_code_2(chain: UUID):
    put(on(chain)[2], "actor_label", "somebody else")
    written = StringIO()
    with pytest.raises(CommandError, match="tampered") as failed:
        call_command("verify_audit", stderr=written)
    assert failed.value.returncode == 2
    assert f"Chain {chain}: entry 3 was altered." in written.getvalue()
    assert written.getvalue().count("Chain") == 1


def test_one_altered_entry_is_named_per_chain(world: World, chain: UUID):
    world.lisa.post("/api/v1/auth/logout")
    for tampered in (chain, world.springfield.pk):
        put(on(tampered)[0], "actor_label", "somebody else")
    written = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_audit", stderr=written)
    assert written.getvalue().count("entry 1 was altered") == 2


def test_process_exit_code_follows_the_result(db: None, project: Path):
    command = [sys.executable, "manage.py", "verify_audit"]
    url = database_url(connection.settings_dict)
    told = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = subprocess.run(command, env=told, cwd=project, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(OK)
