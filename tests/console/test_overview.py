"""The activity charts of the overview: counts by hour and day, within the admin's scope."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from audit.actions import Action, Result
from audit.models import AuditEntry
from core.ids import uuid7
from sessions_app.models import Revocation
from tests.cells import cells
from tests.console.browser import HOME, Browser
from tests.world import World

NOON = datetime(2026, 3, 18, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.console.dashboard.timezone.now", lambda: NOON)


def tried(world: World, at: datetime, *, fails: bool = False, tenant: str = "north") -> None:
    """A sign-in in it, as it would be on record."""
    place = getattr(world, tenant)
    AuditEntry.objects.create(
        id=uuid7(int(at.timestamp() * 1000)),
        created_at=at,
        chain_id=place.pk,
        number=AuditEntry.objects.count() + 1_000,
        previous_hash=b"",
        hash=b"",
        action=Action.SIGNED_IN,
        result=Result.DENIED if fails else Result.SUCCESS,
        tenant_id=place.pk,
        partner_id=place.partner_id,
    )


def numbers(browser: Browser) -> dict[str, list[int]]:
    """Both tables, by their lines' names."""
    browser.open(HOME)
    lines = re.findall(r'<tr><th scope="row">([^<]+)</th>((?:<td>[\d,]+</td>)+)</tr>', browser.html)
    assert len(lines) == 24 + 7
    return {name: [int(n.replace(",", "")) for n in re.findall(r"<td>([\d,]+)", cells)] for name, cells in lines}


def test_chart_counts_activity_by_hour_and_day(world: World):
    browser = Browser(world.north_admin)
    for ago in (timedelta(minutes=5), timedelta(minutes=29), timedelta(minutes=31), timedelta(hours=23)):
        tried(world, NOON - ago)
    tried(world, NOON - timedelta(minutes=5), fails=True)
    tried(world, NOON - timedelta(days=3))
    tried(world, NOON - timedelta(days=7))  # longer ago than a week
    told = numbers(browser)
    assert "4 sign-ins in 24 hours 1 failed sign-ins in 24 hours" in browser.text
    assert told["12:00"] == [2, 1, 0]
    assert told["11:00"] == [1, 0, 0]
    assert told["13:00"] == [1, 0, 0]  # yesterday's
    assert told["Wed 18 Mar"] == [3, 1, 0]
    assert told["Tue 17 Mar"] == [1, 0, 0]
    assert told["Sun 15 Mar"] == [1, 0, 0]
    assert sum(sum(line) for line in told.values()) == (4 + 1) + (5 + 1)


def test_chart_counts_a_revocation_once(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("web.console.dashboard.timezone.now", lambda: datetime.now(UTC))
    world.north_admin.post(f"/api/v1/admin/sessions/{world.ada.session_id}/revoke", {"reason": "stolen"})
    made = Revocation.objects.get()
    assert numbers(Browser(world.north_admin))[f"{made.created_at:%H:00}"][2] == 1


@cells(("who", "count"), [("super_admin", 3), ("acme_partner", 2), ("north_admin", 1)])
def test_chart_counts_only_the_admins_scope(who: str, count: int, world: World):
    for tenant in ("north", "south", "springfield"):
        tried(world, NOON, tenant=tenant)
    assert numbers(Browser(getattr(world, who)))["12:00"] == [count, 0, 0]


def test_chart_of_a_week_without_activity_is_zero(world: World):
    assert {tuple(line) for line in numbers(Browser(world.north_admin)).values()} == {(0, 0, 0)}
