"""The rate limit of expensive requests, per caller and minute."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.api.throttling import ExpensiveRequests
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.console.browser import Browser
from tests.console.test_actions import do
from tests.world import World

STATS = "/api/v1/admin/sessions/stats"


@pytest.fixture(autouse=True)
def three_a_minute(settings: Any) -> Iterator[None]:
    settings.EXPENSIVE_REQUESTS_PER_MINUTE = 3
    ExpensiveRequests._counted.clear()
    yield
    ExpensiveRequests._counted.clear()


def statuses(caller: Any, path: str = STATS, times: int = 5) -> list[int]:
    return [caller.get(path).status_code for _ in range(times)]


def test_expensive_requests_over_the_limit_are_429(world: World):
    assert statuses(world.super_admin) == [200, 200, 200, 429, 429]
    answer = world.super_admin.get(STATS)
    assert answer.json() == {"detail": "Too many requests of this kind; wait as many seconds as Retry-After says"}
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_limit_is_counted_per_caller(world: World):
    assert statuses(world.super_admin)[-1] == 429
    assert statuses(world.north_admin, times=1) == [200]


def test_limit_does_not_affect_cheap_requests(world: World):
    assert statuses(world.super_admin)[-1] == 429
    assert statuses(world.super_admin, "/api/v1/admin/sessions") == [200] * 5


def test_password_resets_are_limited(world: World):
    path = f"/api/v1/admin/users/{world.ada.user.handle}/reset-password"
    asked = [world.north_admin.post(path, {"delivery": "code"}).status_code for _ in range(4)]
    assert asked == [200, 200, 200, 429]


def test_password_resets_in_the_console_are_limited(world: World):
    browser = Browser(world.north_admin)
    page = f"/console/users/{world.ada.user.handle}/"
    for _ in range(3):
        assert "An e-mail with a reset code has been sent." in do(browser, page, "reset-password")
    before = database_digest()
    assert "Nothing was changed" in do(browser, page, "reset-password")
    assert browser.status == 429
    assert 1 <= int(browser.answer["Retry-After"]) <= 60
    assert database_digest() == before
    path = f"/api/v1/admin/users/{world.ada.user.handle}/reset-password"
    assert world.north_admin.post(path, {"delivery": "code"}).status_code == 429


def test_limit_resets_after_a_minute(world: World, monkeypatch: pytest.MonkeyPatch):
    assert statuses(world.super_admin)[-1] == 429
    monkeypatch.setattr(ExpensiveRequests, "_since", ExpensiveRequests._since - 60)
    assert statuses(world.super_admin, times=1) == [200]


@cells(
    "path",
    ["/api/v1/admin/sessions/revoke-all", "/api/v1/me/sessions/revoke-all", "/api/v1/tenants/{}/sessions/revoke-all"],
)
def test_scope_wide_revocations_are_limited(path: str, world: World):
    body = {"user_id": world.ada.user.handle} if "admin" in path else None
    asked = [world.super_admin.post(path.format(world.south.handle), body).status_code for _ in range(4)]
    assert asked == [200, 200, 200, 429]
