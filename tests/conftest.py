import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases

from config import postgres
from tests.proof.claims import FULL
from tests.servers import Servers
from tests.world import World

_server = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _server.callback(shutil.rmtree, postgres.home(), ignore_errors=True)
        _server.enter_context(postgres.running(postgres.home()))


def pytest_unconfigure(config: pytest.Config) -> None:
    _server.close()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker) -> None:
    """Also when every selected test commits: pytest-django looks for those that roll back. It goes with its server."""
    with django_db_blocker.unblock():
        setup_databases(verbosity=0, interactive=False)
        if not FULL:  # of the promises' full figures, so much is committed that it has to be vacuumed
            _leave_statistics_alone()


def _leave_statistics_alone() -> None:
    """What rolls back leaves full tables that look empty. How statements fare with that is tested by itself."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")


@pytest.fixture
def world(db: None) -> World:
    """Partners, tenants and people, gone again after the test."""
    return World()


@pytest.fixture
def committed_world(django_db_setup: None, django_db_blocker) -> Iterator[World]:
    """The same, committed under names of its own, for tests that other processes take part in."""
    with django_db_blocker.unblock():
        yield World.unique()


@pytest.fixture(scope="session")
def servers(django_db_setup: None) -> Iterator[Servers]:
    """Two server processes on this worker's database."""
    with Servers.running(settings.DATABASES["default"]) as servers:
        yield servers


@pytest.fixture
def project() -> Path:
    return Path(settings.BASE_DIR)
