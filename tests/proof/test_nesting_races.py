"""Concurrent nesting of groups never forms a cycle."""

from collections import Counter
from functools import partial

import pytest

from accounts.models import GroupNesting
from tests.factories import GroupFactory
from tests.proof.browsers import Browser, at_once, browsers
from tests.servers import Servers
from tests.world import World


def rings_of(length: int, callers: list[Browser], world: World) -> tuple[list[int], bool]:
    """What each was answered who closes one side of a ring, all at once; and whether there is a ring now."""
    groups = GroupFactory.create_batch(length, tenant=world.north)
    tokens = [world.super_admin.token, world.acme_partner.token, world.north_admin.token]  # nobody waits for themselves
    paths = [f"/api/v1/admin/groups/{group.handle}/nested" for group in groups]
    bodies = [{"child_group_id": group.handle} for group in [*groups[1:], groups[0]]]
    asked = [
        partial(caller.ask, "POST", path, body, token)
        for caller, path, body, token in zip(callers, paths, bodies, tokens[:length], strict=True)
    ]
    answers = [answer.status for answer in at_once(*asked)]
    return answers, GroupNesting.objects.filter(parent__in=groups).count() == length


def test_concurrent_nestings_never_form_a_cycle(busy_servers: Servers, committed_world: World, claim):
    promise = claim("times two or three groups were nested in a ring at once", full=200, reduced=50)
    answers: Counter[int] = Counter()
    for length in (2, 3):
        with browsers(busy_servers.urls, length) as callers:
            for _ in range(promise.asked // 2):
                told, is_ring = rings_of(length, callers, committed_world)
                assert (sorted(told), is_ring) == ([*[201] * (length - 1), 409], False)
                answers += Counter(told)
    promise.saw(promise.asked, f"never a ring; answers {dict(answers)}")


@pytest.mark.proof
def test_broken_build_nesting_without_the_lock_is_caught(broken_servers: Servers, committed_world: World, claim):
    promise = claim("control, nests without waiting its turn: rings", full=1, reduced=1)
    with browsers(broken_servers.urls, 2) as callers:
        rings = sum(rings_of(2, callers, committed_world)[1] for _ in range(50))
    promise.saw(rings, "of 50")
    assert rings >= promise.asked
