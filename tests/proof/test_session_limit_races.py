"""Session limits and token versions are exact under concurrency."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

import pytest
from django.db import connection

from accounts.models import User
from sessions_app import operations
from sessions_app.models import RevocationScope, SessionState
from sessions_app.operations import scope_revocation
from tenancy import operations as tenancy
from tenancy.models import Platform
from tests.proof.browsers import Answer, Browser, at_once, browsers
from tests.proof.mutations import mutated
from tests.servers import Servers
from tests.world import PASSWORD, SYSTEM, World

MAX_CONCURRENT, ALLOWED, BUMPS = 8, 3, 20


def live_sessions(user: User) -> int:
    return SessionState.objects.for_user(user.pk).live().count()


@contextmanager
def watched(user: User) -> Iterator[list[int]]:
    """The most sessions that anybody saw at any moment."""
    is_over, most = Event(), [0]

    def look() -> None:
        try:
            while not is_over.is_set():
                most[0] = max(most[0], live_sessions(user))
        finally:
            connection.close()

    thread = Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        is_over.set()
        thread.join()


def sign_in_at_once(callers: list[Browser], world: World, user: User) -> list[Answer]:
    credentials = {"email": user.email, "password": PASSWORD, "tenant": world.north.slug}
    return at_once(*(partial(each.sign_in, **credentials) for each in callers))


def most_at_once(servers: Servers, world: World, when_full: str, rounds: int) -> tuple[int, Counter[int]]:
    """The most sessions that there were at once, in any round, and the answers there were."""
    user = world.person("ada", world.north)
    tenancy.set_session_policy(world.north, max_sessions=ALLOWED, when_full=when_full, actor=SYSTEM)
    answers: Counter[int] = Counter()
    with browsers(servers.urls, MAX_CONCURRENT) as callers, watched(user) as most:
        for _ in range(rounds):
            answers += Counter(answer.status for answer in sign_in_at_once(callers, world, user))
            most[0] = max(most[0], live_sessions(user))
            assert live_sessions(user) >= ALLOWED
            operations.revoke_scope(RevocationScope.USER, user.pk, actor=SYSTEM, reason="once more")
    return most[0], answers


@pytest.mark.parametrize(
    ("when_full", "each_round"),
    [("evict", {200: MAX_CONCURRENT}), ("deny", {200: ALLOWED, 409: MAX_CONCURRENT - ALLOWED})],
)
def test_concurrent_sign_ins_stay_within_the_session_limit(
    when_full: str, each_round: dict[int, int], busy_servers: Servers, committed_world: World, claim
):
    promise = claim(f"times {MAX_CONCURRENT} signed in at once where {ALLOWED} may, {when_full}", full=200, reduced=4)
    most, answers = most_at_once(busy_servers, committed_world, when_full, promise.asked)
    promise.saw(promise.asked, f"never more than {most} at any moment; answers {dict(answers)}")
    assert most == ALLOWED
    assert answers == {status: number * promise.asked for status, number in each_round.items()}


@pytest.mark.proof
@pytest.mark.parametrize("when_full", ["evict", "deny"])
def test_broken_build_counting_sessions_without_the_lock_is_caught(
    when_full: str, broken_servers: Servers, committed_world: World, claim
):
    promise = claim(f"control, counts before it waits its turn, {when_full}: sessions too many", full=1, reduced=1)
    most, _ = most_at_once(broken_servers, committed_world, when_full, rounds=3)
    promise.saw(most - ALLOWED)
    assert most - ALLOWED >= promise.asked


def bump() -> int:
    try:
        return operations.bump_token_version(actor=SYSTEM, reason="at once")[0]
    finally:
        connection.close()


def versions_of(bumps: int) -> list[int]:
    before = Platform.objects.get().token_version
    return sorted(version - before for version in at_once(*[bump] * bumps))


def test_concurrent_bumps_make_one_token_version_each(committed_world: World, claim):
    promise = claim(f"times {BUMPS} bumped the version at once", full=100, reduced=3)
    for _ in range(promise.asked):
        assert versions_of(BUMPS) == list(range(1, BUMPS + 1))
    promise.saw(promise.asked, f"{BUMPS} versions each time")


@pytest.mark.proof
def test_broken_build_reading_the_version_first_is_caught(committed_world: World, claim):
    promise = claim("control, reads the version before it waits its turn: versions lost", full=1, reduced=1)
    ended = "result = revoke_scope_unaudited(RevocationScope.ADMINS, None, actor=actor, reason=reason, max_ids=0)"
    read = "version = Platform.objects.get().token_version  # no other call's: this row is locked"
    with mutated(scope_revocation.bump_token_version, f"{ended}\n    {read}", f"{read}\n    {ended}"):
        lost = BUMPS - len(set(versions_of(BUMPS)))
    promise.saw(lost, f"of {BUMPS}")
    assert lost >= promise.asked
