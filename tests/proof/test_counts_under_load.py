"""After random load by four processes, every count equals the rows."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db.models import Count, F
from django.utils import timezone

from accounts.models import Role
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, SessionState
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from sessions_app.reads.stats import session_stats
from tenancy.models import Platform
from tests.proof.load import BUILDS
from tests.proof.races import Racer, Stable
from tests.proof.test_exact_counts import sessions
from tests.world import SYSTEM, World

PROCESSES = 4
LASTS = 20  # seconds, about: within which sessions run out by themselves


class Place:
    """People in three tenants of two partners, with sessions that run out one after the other during the load."""

    def __init__(self, world: World, running_out: int) -> None:
        operations.revoke_scope(RevocationScope.PLATFORM, None, actor=SYSTEM, reason="what others have left", max_ids=0)
        self.settle()
        self.tenants = [world.north, world.south, world.springfield]
        self.people = [world.person(f"somebody{n}", tenant) for tenant in self.tenants for n in range(3)]
        self.people += [world.person(f"boss{n}", self.tenants[n], Role.TENANT_ADMIN) for n in range(3)]
        self.partners = [world.acme, world.globex]
        self.before = {each.number for each in Revocation.objects.only("number")}
        self.version = Platform.objects.get().token_version
        dice = Random(1)
        for user in self.people:
            for _ in range(running_out):
                self.one_that_runs_out(user, timezone.now() + timedelta(seconds=dice.uniform(0, LASTS)), dice)
        self.opened = len(self.people) * running_out
        self.began = timezone.now()

    @staticmethod
    def one_that_runs_out(user: Any, at: Any, dice: Random) -> None:
        if dice.random() < 0.5:
            sessions(user, 1, expires_at=at, due_at=at)
        else:
            sessions(user, 1, last_activity_at=at - timedelta(days=7), due_at=at)

    @staticmethod
    def settle() -> None:
        """What is left to be written is written."""
        while Revocation.objects.to_sweep().exists():
            operations.sweep()
        operations.expire(actor=SYSTEM)
        counter_maintenance.fold()


@pytest.fixture
def four(stable: Stable, django_db_blocker: Any) -> Iterator[list[Racer]]:
    yield stable.ready(PROCESSES)[:PROCESSES]
    with django_db_blocker.unblock():
        Platform.objects.update(max_sessions=None)


def rage(racers: list[Racer], place: Place, acts: int, build: str = "careful") -> list[dict[str, Any]]:
    """What each process has seen. One that fell, over a deadlock or anything else, fails the test."""
    given = {
        "people": [str(user.pk) for user in place.people],
        "tenants": [str(tenant.pk) for tenant in place.tenants],
        "partners": [str(partner.pk) for partner in place.partners],
    }
    for seed, racer in enumerate(racers):
        racer.tell({"act": "load", "build": build, "acts": acts, "seed": seed, **given})
    seen = [racer.hear()[0] for racer in racers]
    place.settle()
    return seen


def flaws(place: Place, seen: list[dict[str, Any]]) -> Iterator[str]:
    """Everything that does not add up."""
    total = sum((Counter(each["seen"]) for each in seen), Counter())
    rows = SessionState.objects.filter(user__in=place.people)
    revocations = Revocation.objects.filter(created_at__gte=place.began)
    ended = sum(revocations.values_list("revoked_count", flat=True))
    expired, live = rows.filter(is_expired=True).count(), rows.live().count()
    opened = place.opened + total["opened"]
    if ended + expired + live != opened or rows.count() != opened:
        yield f"{opened} opened, {ended} ended, {expired} expired, {live} live"
    for each in revocations.annotate(rows=Count("sessions")).exclude(revoked_count=F("rows"), swept_count=F("rows")):
        yield f"{each.reach}: {each.revoked_count} ended, {each.swept_count} swept, {each.rows} rows"
    yield from (str(each) for each in counter_maintenance.differences())
    yield from wrong_totals(place)
    versions = [version for each in seen for version in each["versions"]]
    made = range(place.version + 1, Platform.objects.get().token_version + 1)
    if len(set(versions)) < len(versions) or not set(versions) <= set(made):
        yield f"versions {sorted(versions)} of {made}"
    if len(made) != revocations.filter(reach=RevocationScope.ADMINS).count():
        yield f"{made}, and administrators signed out {revocations.filter(reach=RevocationScope.ADMINS).count()} times"


def wrong_totals(place: Place) -> Iterator[str]:
    for reach, things in (
        (RevocationScope.TENANT, place.tenants),
        (RevocationScope.PARTNER, place.partners),
        (RevocationScope.PLATFORM, [None]),
    ):
        for thing in things:
            target_id = thing.pk if thing else None
            rows = SessionState.objects.in_scope(reach, target_id).live()
            told = session_stats(reach, target_id, seen_by=None)
            assert told
            found = (live_counts.live_count(reach, target_id), told["active_sessions"], told["unique_users"])
            wanted = (rows.count(), rows.count(), rows.values("user").distinct().count())
            if found != wanted:
                yield f"{reach}: {found} counted, {wanted} found"


def test_counts_are_exact_after_random_load_by_four_processes(four: list[Racer], committed_world: World, claim):
    promise = claim("acts of four processes at once, after which all counts are exact", full=20_000, reduced=280)
    place = Place(committed_world, running_out=20)
    seen = rage(four, place, promise.asked // PROCESSES)
    total = sum((Counter(each["seen"]) for each in seen), Counter())
    promise.saw(promise.asked, f"{total['opened']} sessions opened, {total['RevokedDuringSignIn']} of them too late")
    assert list(flaws(place, seen)) == []


@pytest.mark.proof
@pytest.mark.parametrize("build", [build for build in BUILDS if build != "careful"])
def test_inexact_count_is_noticed_in_a_broken_build(build: str, four: list[Racer], committed_world: World, claim):
    promise = claim(f"control, {build}: flaws found", full=1, reduced=1)
    place, acts, found = Place(committed_world, running_out=20), 0, []
    while not found and acts < 20_000:
        acts += 400
        try:
            found = list(flaws(place, rage(four, place, 400 // PROCESSES, build)))
        except AssertionError as fall:
            found = [str(fall)]
    promise.saw(len(found), f"after {acts} acts: {found[:1]}")
    counter_maintenance.recount()
    assert found
