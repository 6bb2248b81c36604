"""Session counters equal the rows after every kind of change, before and after folding."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from accounts import operations as accounts
from accounts.models import Role
from core.access import Origin
from sessions_app import operations
from sessions_app.models import CounterKind, RevocationScope, Session, SessionCount, SessionState
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from tenancy import operations as tenancy
from tests.cells import cells
from tests.world import SYSTEM, Caller, World

DAY = timedelta(days=1)


def later(caller: Caller, by: timedelta) -> None:
    """As if the session had been opened, and last seen, that much earlier."""
    times = ("created_at", "last_activity_at", "expires_at", "due_at")
    Session.objects.filter(pk=caller.session.pk).update(**{time: F(time) - by for time in times})


def expired(world: World) -> None:
    later(world.ada, by=8 * DAY)
    operations.expire(actor=SYSTEM)


def purged(world: World) -> None:
    operations.sign_out(world.ada.session.pk, actor=SYSTEM)
    operations.purge(-DAY, actor=SYSTEM)


def swept(world: World) -> None:
    operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="everybody out")
    operations.sweep()


def seen_later(world: World) -> None:
    later(world.ada, by=DAY / 24)
    operations.touch(world.ada.session.pk, origin=Origin())


def all_of(reach: RevocationScope, name: str) -> Callable[[World], Any]:
    def act(world: World) -> None:
        operations.revoke_scope(reach, getattr(world, name).pk, actor=SYSTEM, reason="all of it")

    return act


WHATEVER_HAPPENS: dict[str, Callable[[World], Any]] = {
    "opened once more": lambda world: world.signed_in(world.ada.user),
    "used": seen_later,
    "signed out": lambda world: operations.sign_out(world.ada.session.pk, actor=SYSTEM),
    "ended with its tenant": all_of(RevocationScope.TENANT, "north"),
    "ended with its partner": all_of(RevocationScope.PARTNER, "acme"),
    "ended with its tenant, and swept": swept,
    "run out": lambda world: later(world.ada, by=8 * DAY),
    "run out, and written down": expired,
    "thrown away": purged,
    "moved with its tenant": lambda world: tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM),
    "ended by a change of role": lambda world: accounts.change_user(
        world.ada.user, role=Role.TENANT_ADMIN, actor=SYSTEM
    ),
    "opened for an administrator": lambda world: world.north_admin,
}


def totals(world: World) -> dict[str, int]:
    places = {
        "north": (RevocationScope.TENANT, world.north.pk),
        "acme": (RevocationScope.PARTNER, world.acme.pk),
        "globex": (RevocationScope.PARTNER, world.globex.pk),
        "admins": (RevocationScope.ADMINS, None),
        "platform": (RevocationScope.PLATFORM, None),
    }
    return {name: live_counts.live_count(*place) for name, place in places.items()}


def by_hand(world: World) -> dict[str, int]:
    live = SessionState.objects.live()
    return {
        "north": live.filter(tenant=world.north).count(),
        "acme": live.filter(tenant__partner=world.acme).count(),
        "globex": live.filter(tenant__partner=world.globex).count(),
        "admins": live.in_scope(RevocationScope.ADMINS, None).count(),
        "platform": live.count(),
    }


def sums() -> Counter[tuple[Any, ...]]:
    """Everything that the counters say."""
    rows = SessionCount.objects.values_list(*SessionCount.KEY).annotate(sum=Sum("n")).order_by()
    return +Counter({tuple(key): n for *key, n in rows})


@cells("what", WHATEVER_HAPPENS)
def test_counters_equal_the_rows_after_every_session_event(what: str, world: World):
    everybody = [world.ada, world.alan, world.katherine, world.lisa]
    WHATEVER_HAPPENS[what](world)
    assert totals(world) == by_hand(world)
    assert list(counter_maintenance.differences()) == []
    before = sums()
    counter_maintenance.fold()
    assert sums() == before
    assert totals(world) == by_hand(world)
    assert len(everybody) == 4


class TestFold:
    def test_leaves_one_row_per_key(self, world: World):
        for _ in range(3):
            world.signed_in(world.ada.user)
        operations.sign_out(world.ada.session.pk, actor=SYSTEM)
        assert counter_maintenance.fold() > 0
        rows = SessionCount.objects.values_list(*SessionCount.KEY)
        assert len(set(rows)) == len(rows)
        assert not SessionCount.objects.filter(is_folded=False).exists()
        assert counter_maintenance.fold() == 0

    def test_leaves_no_row_of_zero(self, world: World):
        operations.sign_out(world.ada.session.pk, actor=SYSTEM)
        counter_maintenance.fold()
        counter_maintenance.fold()
        assert not SessionCount.objects.filter(n=0).exists()

    def test_drops_activity_slots_older_than_two_days(self, world: World):
        counter_maintenance.fold()
        before = SessionCount.objects.filter(kind=CounterKind.SEEN).count()
        SessionCount.objects.filter(kind=CounterKind.SEEN).update(slot=F("slot") - 2 * 24 * 12)
        later(world.ada, by=2 * DAY)
        counter_maintenance.fold()
        assert SessionCount.objects.filter(kind=CounterKind.SEEN).count() <= before
        assert not SessionCount.objects.filter(kind=CounterKind.SEEN, tenant=world.north).exists()
        assert totals(world) == by_hand(world)


class TestWrongSessionCounter:
    def test_is_reported_with_the_counted_and_the_actual_number(self, world: World):
        assert world.ada.session
        counter_maintenance.fold()
        SessionCount.objects.filter(tenant=world.north, kind=CounterKind.ALL).update(n=F("n") + 2)
        [difference] = counter_maintenance.differences()
        assert (difference.counted, difference.actual) == (3, 1)
        assert (difference.key["tenant_id"], difference.key["kind"]) == (world.north.pk, CounterKind.ALL)

    def test_is_corrected_by_a_recount(self, world: World):
        everybody = [world.ada, world.alan, world.katherine]
        SessionCount.objects.filter(kind=CounterKind.ALL).update(n=F("n") + 2)
        assert totals(world) != by_hand(world)
        counter_maintenance.recount()
        assert list(counter_maintenance.differences()) == []
        assert totals(world) == by_hand(world)
        assert len(everybody) == 3

    def test_missing_counter_is_reported(self, world: World):
        operations.sign_out(world.ada.session.pk, actor=SYSTEM)
        counter_maintenance.fold()
        SessionCount.objects.filter(tenant=world.north).delete()
        assert {difference.counted for difference in counter_maintenance.differences()} == {0}


def test_rolled_back_changes_are_not_counted(world: World):
    assert world.ada.session
    before = sums()
    with transaction.atomic():
        world.signed_in(world.ada.user)
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="not really")
        transaction.set_rollback(True)
    assert sums() == before
    assert totals(world) == by_hand(world)
