"""Session statistics equal a count of the rows, whether or not endings are written to the rows yet."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from sessions_app import operations
from sessions_app.models import RevocationScope, Session, SessionCount, SessionQuerySet, SessionState
from sessions_app.operations import counter_maintenance
from sessions_app.reads.stats import session_stats
from tests.commands.many_sessions import opened, update_session
from tests.world import CHROME, SYSTEM, Caller, World

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Mobile/15E148 Safari/604.1"
DIMENSIONS = ("device_type", "browser", "os", "auth_method")


def told(world: World) -> dict[str, Any]:
    found = session_stats(RevocationScope.TENANT, world.north.pk, seen_by=None)
    assert found
    return found


def by_hand(world: World) -> dict[str, Any]:
    """From the rows alone."""
    rows = SessionState.objects.filter(tenant=world.north)
    live = rows.live()
    states = Counter(rows.values_list("state", flat=True))
    active = list(live.values())
    return {
        "active_sessions": len(active),
        "total_sessions": rows.count(),
        "revoked_sessions": states["revoked"],
        "expired_sessions": states["expired"],
        "unique_users": len({row["user_id"] for row in active}),
        "active_last_hour": sum(slot(row["last_activity_at"]) >= slot(ago(hours=1)) for row in active),
        "active_last_24h": sum(slot(row["last_activity_at"]) >= slot(ago(days=1)) for row in active),
        "new_last_24h": sum(slot(each) >= slot(ago(days=1)) for each in rows.values_list("created_at", flat=True)),
        **{f"by_{name}": dict(Counter(row[name] or "unknown" for row in active)) for name in DIMENSIONS},
        "oldest_session_at": min((row["created_at"] for row in active), default=None),
        "newest_session_at": max((row["created_at"] for row in active), default=None),
    }


def slot(moment: datetime) -> int:
    return int(moment.timestamp() // 300)


def ago(**length: int) -> datetime:
    return datetime.now(UTC) - timedelta(**length)


def agree(world: World) -> None:
    found = told(world)
    average = found.pop("average_duration_seconds")
    assert found == by_hand(world)
    ages = [
        datetime.now(UTC) - each
        for each in SessionState.objects.filter(tenant=world.north).live().values_list("created_at", flat=True)
    ]
    expected = sum(ages, timedelta()).total_seconds() / len(ages) if ages else 0
    assert abs(average - expected) < 2
    assert list(counter_maintenance.differences()) == []


def people(world: World) -> None:
    for name in ("ada", "alan", "grace"):
        for user_agent in (CHROME, IPHONE, ""):
            world.signed_in(world.person(name, world.north), user_agent=user_agent)
    world.signed_in(world.person("katherine", world.south))


def of(world: World, name: str) -> SessionQuerySet:
    return Session.objects.filter(user=world.person(name, world.north))


def go_idle(sessions: SessionQuerySet) -> None:
    """As time would: nothing is written down, and the row is due."""
    gone = F("last_activity_at") - F("idle_limit")
    Session.objects.filter(pk__in=sessions.values("pk")).update(last_activity_at=gone, due_at=Now())


class TestStatistics:
    def test_are_zero_without_sessions(self, world: World):
        agree(world)
        assert told(world)["oldest_session_at"] is None

    def test_equal_the_rows(self, world: World):
        people(world)
        agree(world)
        assert told(world)["unique_users"] == 3
        assert told(world)["by_device_type"] == {"desktop": 3, "mobile": 3, "unknown": 3}

    def test_are_the_same_before_and_after_expiry_is_marked(self, world: World):
        people(world)
        go_idle(of(world, "ada"))
        newest = of(world, "alan").latest("pk")
        go_idle(Session.objects.filter(pk=newest.pk))
        agree(world)
        assert (told(world)["unique_users"], told(world)["expired_sessions"]) == (2, 4)
        assert operations.expire(actor=SYSTEM) == 4
        agree(world)
        assert (told(world)["unique_users"], told(world)["expired_sessions"]) == (2, 4)

    def test_are_the_same_before_and_after_the_sweep(self, world: World):
        people(world)
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="test")
        world.signed_in(world.person("ada", world.north))
        agree(world)
        assert (told(world)["active_sessions"], told(world)["revoked_sessions"]) == (1, 9)
        operations.sweep()
        agree(world)

    def test_are_correct_after_each_users_newest_session_is_revoked(self, world: World):
        people(world)
        for session in of(world, "ada").order_by("-pk"):
            operations.revoke(Session.objects.filter(pk=session.pk), actor=SYSTEM, reason="test")
            agree(world)

    def test_are_the_same_before_and_after_folding(self, world: World):
        people(world)
        before = told(world)
        assert counter_maintenance.fold() > 0
        assert told(world) | {"average_duration_seconds": 0} == before | {"average_duration_seconds": 0}
        assert counter_maintenance.fold() == 0
        operations.revoke_scope(RevocationScope.USER, world.person("ada", world.north).pk, actor=SYSTEM, reason="test")
        agree(world)
        counter_maintenance.fold()
        agree(world)

    def test_follow_activity_and_purging(self, world: World):
        people(world)
        Session.objects.filter(tenant=world.north).update(last_activity_at=ago(hours=3))
        agree(world)
        assert (told(world)["active_last_hour"], told(world)["active_last_24h"]) == (0, 9)
        operations.revoke_scope(RevocationScope.USER, world.person("ada", world.north).pk, actor=SYSTEM, reason="test")
        for session in Session.objects.filter(revoked_at__isnull=False):
            update_session(opened(Caller(session=session), timedelta(days=101)), revoked_at=ago(days=100))
        assert operations.purge(timedelta(days=90), actor=SYSTEM) == 3
        agree(world)
        assert told(world)["total_sessions"] == 6


class TestReconcile:
    def test_wrong_counter_is_reported_and_corrected(self, world: World):
        people(world)
        counter_maintenance.fold()
        agree(world)
        counter = SessionCount.objects.filter(tenant=world.north, kind="browser", value="Chrome")
        counter.update(n=F("n") + 5)
        [difference] = counter_maintenance.differences()
        assert (difference.key["value"], difference.counted - difference.actual) == ("Chrome", 5)
        counter_maintenance.recount()
        agree(world)
