"""The tests' own PostgreSQL: kept between runs, with a migrated template that every worker's database is cloned from.

Nothing in it has to survive a power cut, so it does without the waits that make that sure. What is about durability
(tests/postgres, the crashes in tests/proof) starts servers of its own with the product's settings.
"""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django
import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from config import postgres
from tests.proof.claims import FULL

WITHOUT_WAITS = {
    "autovacuum": "on" if FULL else "off",  # at full figures so much is committed that it has to be vacuumed
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "synchronous_commit": "off",
}
KEPT_TEMPLATES = 4


@contextmanager
def running() -> Iterator[None]:
    """Run the server, made anew if the one that was kept does not start."""
    with ExitStack() as stack:
        try:
            stack.enter_context(postgres.running(postgres.home(), WITHOUT_WAITS))
        except postgres.PostgresError:
            shutil.rmtree(postgres.home(), ignore_errors=True)
            stack.enter_context(postgres.running(postgres.home(), WITHOUT_WAITS))
        _drop_leftovers()
        yield


@contextmanager
def database() -> Iterator[None]:
    """A database of this process's own in which Django works, dropped at the end."""
    name = f"run_{os.getpid()}_{secrets.token_hex(4)}"
    template = _template()
    with _server() as server:
        server.execute(_named("CREATE DATABASE {} TEMPLATE {}", name, template))
    try:
        with using(name):
            yield
    finally:
        with _server() as server:
            server.execute(_named("DROP DATABASE {} WITH (FORCE)", name))


@contextmanager
def using(name: str) -> Iterator[None]:
    """Let Django work in this database."""
    before = connection.settings_dict["NAME"]
    _use(name)
    try:
        yield
    finally:
        _use(before)


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _template() -> str:
    """The database with every migration applied, made by the first process that asks for it."""
    name = f"template_{_fingerprint()}"
    with open(postgres.home() / "template.lock", "a") as lock, _server() as server:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _make_template(name, server)
    return name


def _make_template(name: str, server: psycopg.Connection) -> None:
    making, before = f"making_{os.getpid()}", connection.settings_dict["NAME"]
    server.execute(_named("CREATE DATABASE {}", making))
    _use(making)
    call_command("migrate", verbosity=0, interactive=False)
    if not FULL:  # at full figures so much is committed that it has to be vacuumed
        _leave_statistics_alone()
    _use(before)
    server.execute(_named("ALTER DATABASE {} RENAME TO {}", making, name))
    for old in _databases(server, "template_")[:-KEPT_TEMPLATES]:
        server.execute(_named("DROP DATABASE IF EXISTS {}", old))


def _leave_statistics_alone() -> None:
    """Rolled-back tests leave full tables that look empty. How statements fare with that is tested by itself."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")


def _fingerprint() -> str:
    """Of everything that the template is made from."""
    digest = hashlib.sha256(f"{django.VERSION} {FULL}".encode())
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _drop_leftovers() -> None:
    """Remove the databases of runs that were killed."""
    with _server() as server:
        for name in [*_databases(server, "run_"), *_databases(server, "making_")]:
            process = re.search(r"\d+", name)
            if process and not Path("/proc", process[0]).exists():
                server.execute(_named("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def _databases(server: psycopg.Connection, prefix: str) -> list[str]:
    """Oldest first."""
    statement = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid"
    return [name for (name,) in server.execute(statement, [prefix])]


def _server() -> psycopg.Connection:
    at = postgres.connection(postgres.home())
    return psycopg.connect(host=at["HOST"], port=at["PORT"], user=at["USER"], dbname="postgres", autocommit=True)


def _named(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
