"""The rate limit of the panel API: requests per user and window."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import SignInThrottle
from accounts.operations import throttle
from tests.access.callers import api_key_of
from tests.access.database_digest import database_digest
from tests.contract.panel.answers import COUNT, SESSIONS, again, browser, refused
from tests.contract.v1.sessions import is_alive
from tests.world import Caller, World

TOO_MANY = "Too many requests of this kind; wait as many seconds as Retry-After says"


@pytest.fixture(autouse=True)
def three_in_a_while(settings: Any) -> None:
    settings.PANEL_RATE_LIMIT = 3


def statuses(caller: Caller, times: int = 5) -> list[int]:
    return [caller.get(COUNT).status_code for _ in range(times)]


def test_throttled_request_gets_429_with_retry_after(world: World):
    assert statuses(world.ada) == [200, 200, 200, 429, 429]
    answer = world.ada.get(SESSIONS)
    assert refused(answer, 429) == TOO_MANY
    assert 1 <= int(answer["Retry-After"]) <= 300


def test_throttled_revocation_is_not_performed(world: World):
    phone = again(world, world.ada)
    statuses(world.ada, 3)
    before = database_digest()
    assert refused(world.ada.delete(SESSIONS), 429) == TOO_MANY
    assert database_digest() == before
    assert is_alive(phone)


def test_rate_limit_counts_the_user_across_credentials(world: World):
    key, other = api_key_of(world.ada.user), again(world, world.ada)
    callers = [world.ada, key, browser(world.ada), other]
    assert [caller.get(COUNT).status_code for caller in callers] == [200, 200, 200, 429]
    assert statuses(world.alan) == [200, 200, 200, 429, 429]


def test_rate_limit_resets_after_the_window(world: World, settings: Any):
    assert statuses(world.ada)[-1] == 429
    window = timedelta(seconds=settings.PANEL_RATE_WINDOW)
    SignInThrottle.objects.update(window_began_at=Now() - window + timedelta(seconds=2))
    answer = world.ada.get(COUNT)
    assert (answer.status_code, answer["Retry-After"]) == (429, "2")
    SignInThrottle.objects.update(window_began_at=Now() - window)
    assert statuses(world.ada) == [200, 200, 200, 429, 429]


def test_unauthenticated_requests_are_not_counted(world: World):
    before = SignInThrottle.objects.count()
    assert {Caller("x").get(COUNT).status_code for _ in range(5)} == {401}
    assert SignInThrottle.objects.count() == before


def test_rate_limit_of_zero_is_unlimited(world: World, settings: Any):
    settings.PANEL_RATE_LIMIT = 0
    assert statuses(world.ada) == [200] * 5


def test_expired_counters_are_purged(world: World, settings: Any):
    settings.PANEL_RATE_WINDOW = 7 * settings.SIGN_IN_WINDOW
    assert statuses(world.ada)[-1] == 429
    SignInThrottle.objects.update(window_began_at=Now() - timedelta(seconds=2 * settings.SIGN_IN_WINDOW))
    throttle.purge()
    assert statuses(world.ada, 1) == [429]
    SignInThrottle.objects.update(window_began_at=Now() - timedelta(seconds=settings.PANEL_RATE_WINDOW + 1))
    assert throttle.purge() == 1
    assert not SignInThrottle.objects.exists()
