"""A revocation may keep one live session, and does not revive a revoked one."""

import pytest

from core.access import Origin
from sessions_app import operations
from sessions_app.api.authentication import principal_of
from sessions_app.models import RevocationScope
from tests.proof.races import Racer
from tests.world import SYSTEM, Caller, World


def is_let_in(caller: Caller) -> bool:
    assert caller.token
    return principal_of(caller.token, Origin()) is not None


def test_user_revocation_keeps_exactly_the_given_session(committed_world: World):
    ada = committed_world.person("ada", committed_world.north)
    callers = [committed_world.signed_in(ada) for _ in range(5)]
    ended = operations.revoke_scope(
        RevocationScope.USER, ada.pk, actor=SYSTEM, reason="all but one", except_session_id=callers[2].session.pk
    )
    assert ended.count == 4
    assert [is_let_in(caller) for caller in callers] == [False, False, True, False, False]


def test_revoked_session_cannot_be_kept(committed_world: World):
    caller = committed_world.ada
    operations.revoke_scope(RevocationScope.TENANT, caller.user.tenant_id, actor=SYSTEM, reason="everybody")
    operations.revoke_scope(
        RevocationScope.USER, caller.user.pk, actor=SYSTEM, reason="others", except_session_id=caller.session.pk
    )
    assert not is_let_in(caller)


def test_platform_revocation_keeps_no_session(committed_world: World):
    callers = [
        committed_world.super_admin,
        committed_world.acme_partner,
        committed_world.north_admin,
        committed_world.ada,
    ]
    assert all(is_let_in(caller) for caller in callers)
    operations.revoke_scope(RevocationScope.PLATFORM, None, actor=SYSTEM, reason="everybody")
    assert not any(is_let_in(caller) for caller in callers)
    assert is_let_in(committed_world.signed_in(callers[0].user))


def is_resurrected(racers: list[Racer], world: World, build: str = "floors") -> bool:
    """A session's tenant is signed out while its user signs out everywhere else. Whoever is first, it must be dead."""
    caller = world.signed_in(world.person("ada", world.north))
    north, ada, this = str(world.north.pk), str(caller.user.pk), str(caller.session.pk)
    racers[0].tell({"act": "revoke", "reach": "tenant", "target": north, "after": 0})
    racers[1].tell({"act": "revoke", "reach": "user", "target": ada, "spare": this, "after": 0, "build": build})
    for racer in racers:
        racer.hear()
    return is_let_in(caller)


def test_kept_session_does_not_survive_a_concurrent_tenant_revocation(
    racers: list[Racer], committed_world: World, claim
):
    promise = claim("a spared session whose tenant is signed out meanwhile", full=1000, reduced=50)
    alive = sum(is_resurrected(racers, committed_world) for _ in range(promise.asked))
    promise.saw(promise.asked, f"{alive} lived on")
    assert alive == 0


@pytest.mark.proof
def test_broken_build_keeping_a_revoked_session_is_caught(racers: list[Racer], committed_world: World, claim):
    promise = claim("control, spares without asking whether it lives: lived on", full=1, reduced=1)
    rounds = alive = 0
    while alive < promise.asked and rounds < 300:
        alive += is_resurrected(racers, committed_world, "spares blindly")
        rounds += 1
    promise.saw(alive, f"of {rounds}")
    assert alive == promise.asked
