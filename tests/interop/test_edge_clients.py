"""Clients that others have written or generated do all of an administrator's work, and see exactly the rows there are.

Each takes the token that it goes on with from the body of the answer to its sign-in.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Role
from core.ids import Prefix, read
from sessions_app.models import Session
from tests.contract.edge.strangers import crowd, seen_from_outside
from tests.interop.conftest import Ways
from tests.interop.filters import Row, filters
from tests.interop.people import MAKERS, Client
from tests.world import PASSWORD, World, some_id

WAYS = ["direct", "stripped", "kept"]


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: Any) -> World:
    """Committed once: every client ends one of the many."""
    with django_db_blocker.unblock():
        world = World.unique()
        crowd(world, random.Random(11), 250)
    return world


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MAKERS)
def test_client_signs_in_lists_inspects_ends_and_signs_out(
    name: str, way: str, client_of: Callable[[str], Client], ways: Ways, crowded: World, committed_world: World
):
    world = crowded
    rows = [seen_from_outside(session) for session in Session.objects.live().filter(tenant=world.north).order_by("pk")]
    keeper = world.person(f"{name}-{way}", world.north, Role.TENANT_ADMIN)
    asked = filters(rows)
    assert (len(asked), len(rows) > 50) == (25, True)  # more than mrok takes at a time
    grace = world.person("grace-0", world.north)
    victim = next(row["id"] for row in rows if row["identity"] == grace.handle)
    job = {
        "url": getattr(ways, way),
        "username": keeper.email,
        "password": PASSWORD,
        "wrong_password": "not this one",
        "filters": list(asked),
        "bad_filter": 'createdAt = "x"',
        "victim": victim,
        "unknown": some_id(Prefix.SESSION),
    }

    done = client_of(name).walk(job)

    own = Session.objects.get(pk=read(Prefix.SESSION, done["current"]["id"]))
    everything = sorted([*rows, seen_from_outside(own)], key=lambda row: row["id"])
    assert faults(done["lists"], asked, everything) == {}
    assert own.user == keeper
    assert own.revoked_at is not None
    assert done["current"]["identity"]["name"] == keeper.email
    assert done["token"].startswith("cfs_")
    assert (done["detail"]["id"], done["detail"]["token"]) == (victim, victim)
    assert not Session.objects.live().filter(pk=read(Prefix.SESSION, victim)).exists()
    refusals = {key: done[key] for key in ("again", "unknown", "bad_filter", "wrong_password")}
    assert refusals == {"again": 404, "unknown": 404, "bad_filter": "INVALID_FILTER", "wrong_password": 401}
    assert is_dead(done)


def faults(lists: dict[str, Any], asked: dict[str, Callable[[Row], bool]], rows: list[Row]) -> dict[str, Any]:
    """Filters that found anything else than the rows that they are about, in the order of their ids."""
    expected = {text: [row["id"] for row in rows if holds(row)] for text, holds in asked.items()}
    return {
        text: (lists[text], ids) for text, ids in expected.items() if lists[text] != {"total": len(ids), "ids": ids}
    }


def is_dead(done: dict[str, Any]) -> bool:
    """The token, after its session is ended: refused, or replaced by a client that signs in again by itself."""
    if "next_token" in done:
        return done["next_token"] not in ("", None, done["token"])
    return done["dead_token"] == 401
