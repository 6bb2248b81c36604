"""Third-party and generated clients of the edge API do an admin's work and see exactly the rows there are.
// Each takes its token from the body of the sign-in response.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.contract.edge.mixed_sessions import create_mixed_sessions
from tests.interop.client_job import ClientJob
from tests.interop.conftest import Ways
from tests.interop.edge_clients import MAKERS, Client
from tests.world import World

pytestmark = pytest.mark.proof

ClientOf = Callable[[str], Client]


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Committed once: every client ends one of the many."""
    with django_db_blocker.unblock():
        world = World.unique()
        create_mixed_sessions(world, random.Random(11), 250)
        yield world


def test_fixture_has_enough_sessions_and_filters(crowded: World):
    client_job = ClientJob(crowded, "", "nobody")
    assert len(client_job.filters) == 25
    assert len(client_job.rows) > 50  # more than mrok takes at a time


@pytest.mark.parametrize("way", ["direct", "stripped", "kept"])
@pytest.mark.parametrize("name", MAKERS)
def test_client_signs_in_lists_inspects_revokes_and_signs_out(
    name: str, way: str, client_of: ClientOf, ways: Ways, crowded: World
):
    client_job = ClientJob(crowded, getattr(ways, way), f"{name}-{way}")
    client_job.check(client_of(name).walk(client_job.job))


@pytest.mark.parametrize("way", ["direct", "stripped"])
@pytest.mark.parametrize("origin", ["another port", "another site"])
def test_client_works_on_a_page_of_another_origin(
    origin: str, way: str, client_of: ClientOf, browser: Browser, ways: Ways, crowded: World
):
    scripts = ways.site / "client"
    if not scripts.exists():
        scripts.symlink_to(client_of("hey-api").folder / "built")
    client_job = ClientJob(crowded, getattr(ways, way), f"{origin.replace(' ', '-')}-{way}")
    page = browser.new_page()
    page.goto(f"{ways.named[origin]}/")
    client_job.check(page.evaluate("job => import('/client/walk.js').then(({walk}) => walk(job))", client_job.job))
    page.close()
