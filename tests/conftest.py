import gc
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from accounts.keyring import ring
from tests import cells, cluster, planned
from tests.durations import Durations
from tests.servers import Servers
from tests.world import World

_server = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cell", default="", help="run only the cells that have this text in their name")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Some files that are for `make proof` alone take seconds to import."""
    if config.getoption("markexpr") != "not proof" or collection_path.suffix != ".py":
        return None
    return True if re.search(r"^pytestmark = \[?pytest\.mark\.proof\b", collection_path.read_text(), re.M) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One worker more than there are cores, since each spends a third of its time waiting for its PostgreSQL."""
    if config.getoption("markexpr") != "not proof":
        return None  # proofs start processes of their own, and measure times
    return len(os.sched_getaffinity(0)) + 1


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Durations())
    cells.choose(config.getoption("cell"))
    if not hasattr(config, "workerinput"):
        _server.enter_context(cluster.running())


def pytest_collection_finish() -> None:
    """What has been imported by now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    _server.close()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker) -> Iterator[None]:
    """Each worker has a database of its own, with the partners, tenants and people of `World` in it."""
    with django_db_blocker.unblock(), cluster.database(), planned.prepared_in_transactions():
        World.commit()
        yield


@pytest.fixture(scope="module")
def unpeopled_database(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """A database with nobody in it, for the rest of the module: the demo has people of the same names."""
    with django_db_blocker.unblock(), cluster.database():
        ring.clear()
        yield
    ring.clear()  # each database has signing keys of its own


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
