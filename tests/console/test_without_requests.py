"""The console changes things by serializers and operations, without a view of the API."""

from typing import Any

import pytest

from accounts.models import User
from core.api.views import PolicyViewSet
from core.models import Status
from tests.console.browser import Browser
from tests.console.test_actions import do
from tests.console.test_forms import fill
from tests.world import World


@pytest.fixture
def without_views(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise AssertionError("a view set was instantiated")

    monkeypatch.setattr(PolicyViewSet, "__init__", fail)


def test_user_is_created_changed_and_suspended_without_a_view_set(world: World, without_views: None):
    browser = Browser(world.north_admin)
    assert "User created." in fill(browser, "/console/users/new/", email="grace@north.example", role="user")
    grace = User.objects.get(email="grace@north.example")
    page = f"/console/users/{grace.handle}/"
    assert "Changes saved." in fill(browser, f"{page}edit/", first_name="Grace")
    assert "Suspended." in do(browser, page, "suspend")
    grace.refresh_from_db()
    assert (grace.first_name, grace.status) == ("Grace", Status.SUSPENDED)
