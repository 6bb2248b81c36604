"""Backup and restore with the commands of docs/operations.md."""

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from config.postgres import binaries
from tests import cluster
from tests.commands.run_command import run_command
from tests.servers import database_url
from tests.world import World

Database = dict[str, Any]


@pytest.fixture
def programs() -> Path:
    """PostgreSQL's own programs, as old or new as the server: pg_dump refuses a newer one."""
    major = str(connection.connection.info.server_version // 10_000)
    return next(folder for folder in binaries.candidates() if binaries.problem_with(folder, major) is None)


@pytest.fixture
def empty() -> Iterator[Database]:
    at, name = settings.DATABASES["default"], f"run_{os.getpid()}_{secrets.token_hex(4)}"
    where = {"host": at["HOST"], "port": at["PORT"], "user": at["USER"], "dbname": "postgres"}
    with psycopg.connect(**where, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield at | {"NAME": name}
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def documented(program: str, project: Path) -> str:
    [command] = re.findall(rf"^ *({program} .+)$", (project / "docs/operations.md").read_text(), re.MULTILINE)
    return command


def output_of(command: list[str], database: Database) -> str:
    with cluster.using(database["NAME"]):
        result = run_command(*command)
    assert result.code == 0, result.err
    return result.out


def test_backup_is_restored_by_the_documented_commands(
    committed_world: World, programs: Path, empty: Database, tmp_path: Path, project: Path
):
    assert committed_world.ada.session
    source = settings.DATABASES["default"]
    for program, database in (("pg_dump", source), ("pg_restore", empty)):
        here = {"PATH": f"{programs}:{os.environ['PATH']}", "DATABASE_URL": database_url(database)}
        subprocess.run(["sh", "-c", documented(program, project)], cwd=tmp_path, env=here, check=True, timeout=120)
    for command in (["migrate", "--plan"], ["verify_audit"], ["reconcile_counters"]):
        assert output_of(command, empty) == output_of(command, source)
    ended = output_of(["revoke_sessions", "--all", "--reason", "restored", "--yes"], empty)
    assert re.match(r"[1-9][\d,]* sessions? revoked", ended)
