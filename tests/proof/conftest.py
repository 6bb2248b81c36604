from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.conf import settings

from accounts.models import SignInThrottle
from tests.proof.claims import Claim, table
from tests.proof.races import Racer, Stable
from tests.servers import Servers

pytest.register_assert_rewrite("tests.proof.state_machine")


@pytest.fixture
def claim(request: pytest.FixtureRequest) -> Callable[..., Claim]:
    """What a test promises, by name, with how often to try it: in full for `make proof`, a tenth of `reduced`
    for `make test` unless `once` says otherwise."""

    def claim(name: str, *, full: int, reduced: int, once: int | None = None) -> Claim:
        return Claim(name, full=full, reduced=reduced, once=once, properties=request.node.user_properties)

    return claim


@pytest.fixture(scope="session")
def stable(django_db_setup: None) -> Iterator[Stable]:
    with closing(Stable()) as stable:
        yield stable


@pytest.fixture
def racers(stable: Stable) -> list[Racer]:
    """Two processes that act when told to."""
    return stable.ready(2)


@pytest.fixture(scope="session")
def busy_servers(django_db_setup: None) -> Iterator[Servers]:
    """Two processes of four threads, so that eight requests are truly under way at once."""
    with Servers.running(settings.DATABASES["default"], threads=4) as servers:
        yield servers


@pytest.fixture(scope="session")
def broken_servers(django_db_setup: None) -> Iterator[Servers]:
    """The same two with every mistake of tests/proof/broken_builds.py in them, for the tests to find."""
    application = "tests.proof.broken_builds:application"
    with Servers.running(settings.DATABASES["default"], threads=4, application=application) as servers:
        yield servers


@pytest.fixture(autouse=True)
def everybody_may_try_again(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Every sign-in here comes from one address, and failures are counted for a quarter of an hour."""
    yield
    with django_db_blocker.unblock():
        SignInThrottle.objects.all().delete()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    told = (each for kind in terminalreporter.stats.values() for each in kind)
    lines = list(table(each for each in told if isinstance(each, pytest.TestReport) and each.when == "call"))
    if lines:
        terminalreporter.section("what was promised, and what was seen")
        terminalreporter.write("\n".join([*lines, ""]))
