"""When a request updates a session's last activity."""

from datetime import timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from sessions_app.models import Session
from tests.world import Caller, World


def last_seen(caller: Caller, ago: timedelta) -> None:
    Session.objects.filter(pk=caller.session.pk).update(last_activity_at=Now() - ago)


def writes_of(caller: Caller) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert caller.get("/api/v1/me/sessions").status_code == 200
    return [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]


def updates() -> tuple[int, int]:
    """Of sessions, in this transaction: all of them, and those that were heap-only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_get_xact_tuples_updated(t), pg_stat_get_xact_tuples_hot_updated(t)"
            " FROM (SELECT 'sessions_app_session'::regclass::oid AS t) AS sessions"
        )
        return cursor.fetchone()


class TestActivity:
    def test_is_not_written_within_a_minute(self, world: World):
        last_seen(world.ada, timedelta(seconds=50))
        assert writes_of(world.ada) == []

    def test_is_written_after_a_minute(self, world: World):
        last_seen(world.ada, timedelta(seconds=70))
        assert len(writes_of(world.ada)) == 1
        assert writes_of(world.ada) == []
        assert Session.objects.get(pk=world.ada.session.pk).last_ip_address == "127.0.0.1"

    def test_is_a_heap_only_update_while_the_address_stays(self, world: World):
        """PostgreSQL makes no index entries for a heap-only row version; a full page is the exception."""
        assert writes_of(world.ada) == []
        last_seen(world.ada, timedelta(seconds=70))
        assert len(writes_of(world.ada)) == 1  # from here, whoever it was before
        heap_only = []
        for _ in range(5):
            last_seen(world.ada, timedelta(seconds=70))
            before = updates()
            assert len(writes_of(world.ada)) == 1
            all_of_them, among_them = (after - was for after, was in zip(updates(), before, strict=True))
            assert all_of_them == 1
            heap_only.append(among_them)
        assert sum(heap_only) >= 3

    def test_keeps_a_session_from_going_idle(self, world: World):
        Session.objects.filter(pk=world.ada.session.pk).update(idle_limit=timedelta(minutes=10))
        last_seen(world.ada, timedelta(minutes=9))
        assert world.ada.get("/api/v1/me").status_code == 200
        last_seen(world.ada, timedelta(minutes=9))
        assert world.ada.get("/api/v1/me").status_code == 200

    def test_does_not_revive_an_idle_session(self, world: World):
        Session.objects.filter(pk=world.ada.session.pk).update(last_activity_at=Now() - F("idle_limit"))
        for _ in range(2):
            assert world.ada.get("/api/v1/me").status_code == 401
