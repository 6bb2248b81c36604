"""The count of a scope-wide revocation equals the revoked rows, wherever the count is stored."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Role, User
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session, SessionState
from sessions_app.operations import sweeps
from tenancy.models import Platform
from tests.factories import SessionFactory
from tests.proof.races import Racer
from tests.world import SYSTEM, World

DAY = timedelta(days=1)


def sessions(user: User, count: int, **fields: Any) -> set[UUID]:
    """Rows as sign-ins leave them, live unless `fields` say otherwise."""
    now = timezone.now()
    given = {
        "created_at": now - 8 * DAY,
        "last_activity_at": now,
        "expires_at": now + 22 * DAY,
        "idle_limit": 7 * DAY,
        "revision": Platform.objects.get().revision,
    } | fields
    given["era"] = given["revision"]
    made = Session.objects.bulk_create(SessionFactory.build(user=user, **given) for _ in range(count))
    return {session.pk for session in made}


def sessions_that_are_over(user: User, count: int) -> set[UUID]:
    """Expired, idle for too long, and revoked ones."""
    now = timezone.now()
    expired = sessions(user, count, expires_at=now - DAY, last_activity_at=now - 2 * DAY)
    idle = sessions(user, count, last_activity_at=now - 7 * DAY - timedelta(minutes=1))
    revoked = sessions(user, count)
    operations.revoke(Session.objects.filter(pk__in=revoked), actor=SYSTEM, reason="one by one")
    return expired | idle | revoked


class Crowd:
    """Live sessions of ada and of an administrator in north and of katherine in south, among many that are over."""

    def __init__(self, world: World, size: int) -> None:
        self.world = world
        self.ada = world.person("ada", world.north)
        self.admin = world.person("admin", world.north, Role.TENANT_ADMIN)
        self.katherine = world.person("katherine", world.south)
        everybody = (self.ada, self.admin, self.katherine)
        self.ended_before = set().union(*(sessions(user, size // 10) for user in everybody))
        self.before = operations.revoke_scope(
            RevocationScope.PLATFORM, None, actor=SYSTEM, reason="earlier, and not swept yet"
        )
        self.over = set().union(*(sessions_that_are_over(user, size // 10) for user in everybody))
        self.live = {user: sessions(user, size // 3) for user in everybody}

    def within(self, reach: RevocationScope) -> tuple[UUID | None, set[UUID]]:
        """What to revoke, and the sessions that are to end by it."""
        match reach:
            case RevocationScope.USER:
                return self.ada.pk, self.live[self.ada]
            case RevocationScope.TENANT:
                return self.world.north.pk, self.live[self.ada] | self.live[self.admin]
            case RevocationScope.ADMINS:
                return None, self.live[self.admin]
            case RevocationScope.PARTNER:
                return self.world.acme.pk, set().union(*self.live.values())
            case _:
                return None, set().union(*self.live.values())


def ended_by(revocation: Revocation) -> set[UUID]:
    return set(Session.objects.filter(revocation=revocation).values_list("pk", flat=True))


def live_sessions(among: set[UUID]) -> set[UUID]:
    return set(SessionState.objects.live().filter(pk__in=among).values_list("pk", flat=True))


@pytest.mark.parametrize(
    "reach",
    [
        RevocationScope.USER,
        RevocationScope.TENANT,
        RevocationScope.PARTNER,
        RevocationScope.ADMINS,
        RevocationScope.PLATFORM,
    ],
)
def test_revocation_count_equals_the_rows_in_every_scope(reach, committed_world: World, claim, monkeypatch):
    promise = claim(f"live sessions around a revoke-all of {reach}, counted", full=3000, reduced=600)
    monkeypatch.setattr(sweeps, "BATCH", promise.asked // 5)
    crowd = Crowd(committed_world, promise.asked)
    target, doomed = crowd.within(reach)
    everyone = set().union(*crowd.live.values())

    ended = operations.revoke_scope(reach, target, actor=SYSTEM, reason="counted")
    assert ended.revocation
    assert (ended.count, set(ended.session_ids)) == (len(doomed), doomed)
    assert live_sessions(everyone | crowd.over | crowd.ended_before) == everyone - doomed

    operations.sweep()
    ended.revocation.refresh_from_db()
    counts = (ended.revocation.revoked_count, ended.revocation.swept_count, len(ended_by(ended.revocation)))
    promise.saw(len(everyone), f"{ended.count} ended; recorded, swept and found in rows: {counts}")
    assert counts == (len(doomed),) * 3
    assert ended_by(ended.revocation) == doomed
    assert ended.revocation.swept_at
    assert crowd.before.revocation
    assert crowd.ended_before <= ended_by(crowd.before.revocation), "each row names the revocation that really ended it"


def test_revocation_count_is_exact_beyond_the_returned_ids(committed_world: World):
    ada = committed_world.person("ada", committed_world.north)
    made = sessions(ada, 100)
    ended = operations.revoke_scope(RevocationScope.USER, ada.pk, actor=SYSTEM, reason="many", max_ids=40)
    assert (ended.count, ended.is_truncated) == (100, True)
    assert ended.session_ids == sorted(made, reverse=True)[:40]
    assert not live_sessions(made)
    operations.sweep()
    assert ended.revocation
    assert ended_by(ended.revocation) == made


def test_killed_sweep_is_completed_by_the_next(django_db_setup, committed_world: World, claim):
    promise = claim("sessions swept although the sweeper was killed at it", full=3000, reduced=1500)
    operations.sweep()
    ada = committed_world.person("ada", committed_world.north)
    made = sessions(ada, promise.asked)
    [revocation] = [
        operations.revoke_scope(RevocationScope.TENANT, ada.tenant_id, actor=SYSTEM, reason="much").revocation
    ]
    assert revocation

    sweeper = Racer()
    sweeper.tell({"act": "sweep", "batch": 10})
    wait_until(lambda: swept(revocation) >= promise.asked // 5)
    sweeper.kill()
    halfway = swept(revocation)
    assert 0 < halfway < promise.asked, "killed too late to show anything"
    assert not live_sessions(made), "nothing waits for the sweep"

    wait_until(lambda: operations.sweep() or swept(revocation) == promise.asked)
    operations.sweep()
    promise.saw(swept(revocation), f"killed after {halfway}")
    assert ended_by(revocation) == made
    assert swept(revocation) == promise.asked
    assert Revocation.objects.get(pk=revocation.pk).swept_at


def swept(revocation: Revocation) -> int:
    return Revocation.objects.get(pk=revocation.pk).swept_count


def wait_until(happened: Any, patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)
