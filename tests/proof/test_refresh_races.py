"""Concurrent use of one refresh token, also during a revocation of its session."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from random import uniform
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F

from sessions_app.models import Session
from sessions_app.refresh_tokens import RefreshToken
from tests.proof.browsers import Answer, Browser, at_once, browsers
from tests.proof.claims import FULL
from tests.proof.races import Racer
from tests.servers import Servers
from tests.world import Caller, World

MAX_CONCURRENT = 8
GRACE = 10  # seconds


@pytest.fixture
def rotations(committed_world: World) -> Iterator[Callable[[UUID], int]]:
    """How often a session's refresh token was written anew, as PostgreSQL itself counts it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE proof_rotation (session_id uuid);"
            "CREATE FUNCTION proof_note_rotation() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO proof_rotation VALUES (NEW.id); RETURN NULL; END';"
            "CREATE TRIGGER proof_rotation AFTER UPDATE OF refresh_digest ON sessions_app_session"
            " FOR EACH ROW EXECUTE FUNCTION proof_note_rotation()"
        )

    def rotations(session_id: UUID) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM proof_rotation WHERE session_id = %s", [session_id])
            return cursor.fetchone()[0]

    yield rotations
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION proof_note_rotation CASCADE; DROP TABLE proof_rotation")


def refreshed_by_all(hands: list[Browser], caller: Caller) -> list[Answer]:
    return at_once(*(partial(hand.refresh, caller.refresh_token) for hand in hands))


def wait_out_the_grace(session: Session, *, really: bool) -> None:
    if really:
        time.sleep(GRACE + 0.5)
    else:
        grace = timedelta(seconds=GRACE)
        Session.objects.filter(pk=session.pk).update(
            refreshed_at=F("refreshed_at") - grace, refreshed_before_at=F("refreshed_before_at") - grace
        )


def test_concurrent_refreshes_return_the_same_successor(
    busy_servers: Servers, committed_world: World, rotations, claim
):
    promise = claim("eight refreshes of one token at once, then a replay", full=200, reduced=15)
    ada = committed_world.person("ada", committed_world.north)
    outlived = 0
    with browsers(busy_servers.urls, MAX_CONCURRENT) as hands:
        for number in range(promise.asked):
            caller = committed_world.signed_in(ada)
            answers = refreshed_by_all(hands, caller)
            assert [answer.status for answer in answers] == [200] * MAX_CONCURRENT
            [successor] = {answer.data["refresh_token"] for answer in answers}
            caller.session.refresh_from_db()
            assert bytes(caller.session.refresh_digest) == RefreshToken.read(successor).digest
            assert rotations(caller.session.pk) == 1
            newest = answers[-1].data["access_token"]
            assert hands[0].is_let_in(newest)

            wait_out_the_grace(caller.session, really=FULL and number == 0)
            assert hands[number % 2].refresh(caller.refresh_token).status == 401
            outlived += sum(hand.is_let_in(newest) for hand in hands[:2])
            outlived += hands[0].refresh(successor).status == 200
    promise.saw(promise.asked, f"1 rotation and 1 successor each, {outlived} tokens outlived the replay")
    assert outlived == 0


def test_token_in_its_grace_period_returns_its_successor_after_a_rotation(
    busy_servers: Servers, committed_world: World
):
    caller = committed_world.ada
    with browsers(busy_servers.urls, 2) as (here, there):
        first = here.refresh(caller.refresh_token).data
        second = there.refresh(first["refresh_token"]).data
        again = here.refresh(caller.refresh_token).data
        assert again["refresh_token"] == first["refresh_token"] != second["refresh_token"]
        assert there.is_let_in(second["access_token"])
        wait_out_the_grace(caller.session, really=False)
        assert here.refresh(caller.refresh_token).status == 401
        assert not any(browser.is_let_in(second["access_token"]) for browser in (here, there))


@pytest.mark.proof
def test_broken_build_rotating_without_a_lock_is_caught(broken_servers: Servers, committed_world: World, claim):
    promise = claim("control, rotates without a lock: rounds with two successors", full=1, reduced=1)
    torn = rounds = 0
    with browsers(broken_servers.urls, MAX_CONCURRENT) as hands:
        while torn < promise.asked and rounds < 50:
            answers = refreshed_by_all(hands, committed_world.signed_in(committed_world.ada.user))
            torn += len({answer.data["refresh_token"] for answer in answers if answer.status == 200}) > 1
            rounds += 1
    promise.saw(torn, f"of {rounds} rounds")
    assert torn == promise.asked


End = Callable[[Browser, Caller, Caller], None]


def end_this_one(browser: Browser, killer: Caller, victim: Caller) -> None:
    answer = browser.ask("DELETE", f"/api/v1/me/sessions/{victim.session_id}", token=killer.token)
    assert answer.status == 200, answer.body


def end_all_others(browser: Browser, killer: Caller, victim: Caller) -> None:
    answer = browser.ask("POST", "/api/v1/me/sessions/revoke-all", token=killer.token)
    assert answer.status == 200, answer.body


@pytest.fixture
def ends(racers: list[Racer]) -> dict[str, End]:
    def end_the_tenant(browser: Browser, killer: Caller, victim: Caller) -> None:
        racers[0].tell({"act": "revoke", "reach": "tenant", "target": str(victim.user.tenant_id), "after": 0})
        racers[0].hear()

    return {
        "DELETE": end_this_one,
        "revoke-all, its user's": end_all_others,
        "revoke-all, its tenant's": end_the_tenant,
    }


def after(seconds: float, act: Callable[[], Any]) -> Any:
    time.sleep(seconds)
    return act()


def refresh_beside(end: End, pair: list[Browser], world: World, killer: Caller) -> tuple[bool, int]:
    """Whether the refresh got tokens at all, and how many ways into the session there were after both had answered."""
    victim = world.signed_in(killer.user)
    head_start = uniform(-0.008, 0.012)  # seconds, for the refresh: it is the quicker one
    refreshed, _ = at_once(
        partial(after, max(0, -head_start), partial(pair[0].refresh, victim.refresh_token)),
        partial(after, max(0, head_start), partial(end, pair[1], killer, victim)),
    )
    ways_in = sum(browser.is_let_in(victim.token) for browser in pair)
    if refreshed.status == 200:
        ways_in += sum(browser.is_let_in(refreshed.data["access_token"]) for browser in pair)
        ways_in += pair[0].refresh(refreshed.data["refresh_token"]).status == 200
    return refreshed.status == 200, ways_in


@pytest.mark.parametrize("end", ["DELETE", "revoke-all, its user's", "revoke-all, its tenant's"])
def test_refresh_concurrent_with_a_revocation_leaves_no_live_token(
    end, ends, busy_servers: Servers, committed_world: World, claim
):
    promise = claim(f"refresh beside a {end}", full=200, reduced=20)
    killer, rounds, refreshed, ways_in = committed_world.ada, 0, 0, 0
    with browsers(busy_servers.urls, 2) as pair:
        while rounds < promise.asked or (not refreshed and rounds < 50):  # of a few, none may be in time
            order = pair if rounds % 2 else pair[::-1]
            was_refreshed, ways = refresh_beside(ends[end], order, committed_world, killer)
            rounds, refreshed, ways_in = rounds + 1, refreshed + was_refreshed, ways_in + ways
    promise.saw(rounds, f"{refreshed} refreshed in time, {ways_in} ways in afterwards")
    assert ways_in == 0
    assert refreshed, "no refresh was ever in time: this was no race"


@pytest.mark.proof
def test_broken_build_saving_a_stale_row_is_caught(broken_servers: Servers, committed_world: World, claim):
    promise = claim("control, saves the row it read: ways into ended sessions", full=1, reduced=1)
    ways_in = rounds = 0
    with browsers(broken_servers.urls, 2) as pair:
        while ways_in < promise.asked and rounds < 100:
            ways_in += refresh_beside(end_this_one, pair, committed_world, committed_world.ada)[1]
            rounds += 1
    promise.saw(ways_in, f"in {rounds} rounds")
    assert ways_in >= promise.asked
