"""Sessions that are copied in are what the product would have made of them."""

from datetime import timedelta

import pytest
from django.db.models import Count, Q

from accounts.models import User
from bench.crowds import Crowd
from bench.filling import Filling
from core.access import Principal
from sessions_app import operations
from sessions_app.models import Reach, Session, SessionState
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from tenancy.models import Tenant
from tests.world import World

LIVE = 1_000


@pytest.fixture
def north(world: World) -> Tenant:
    begun = Filling(world.katherine.session)
    begun.fill(world.north, Crowd.living(begun.dice, LIVE), lambda rows: None)
    begun.fill(world.south, Crowd.long_gone(begun.dice, LIVE), lambda rows: None)
    counter_maintenance.recount()
    return world.north


def test_as_many_live_as_was_asked(north: Tenant):
    assert SessionState.objects.live().filter(tenant=north).count() == LIVE
    assert live_counts.live_count(Reach.TENANT, north.pk) == LIVE


def test_a_tenth_as_many_are_over_of_either_kind(north: Tenant):
    over = Session.objects.filter(tenant=north, revoked_at__isnull=False)
    assert over.count() == LIVE // 10
    assert over.filter(is_expired=True).count() == LIVE // 20


def test_the_counters_say_what_the_rows_say(north: Tenant):
    assert list(counter_maintenance.differences()) == []


def test_each_is_of_somebody_in_that_tenant(north: Tenant):
    owners = User.objects.filter(tenant=north, role="user", tenant_kind="CUSTOMER")
    assert Session.objects.filter(tenant=north).exclude(user__in=owners).count() == 0
    assert owners.count() == LIVE * 11 // 10 // 5


def test_of_each_persons_the_newest_that_lives_is_known(north: Tenant):
    live = Session.objects.filter(tenant=north, revoked_at=None)
    newest = live.order_by("user", "-pk").distinct("user").values_list("pk", flat=True)
    assert set(live.filter(is_newest=True).values_list("pk", flat=True)) == set(newest)


def test_ids_are_of_the_time_they_were_opened(north: Tenant):
    ordered = list(Session.objects.filter(tenant=north).order_by("pk").values_list("created_at", flat=True))
    assert ordered == sorted(ordered)


def test_what_is_long_gone_is_older_than_anybody_keeps_it(north: Tenant, world: World, settings):
    kept = timedelta(days=settings.SESSION_RETENTION_DAYS)
    assert operations.purge(kept, actor=Principal.system("bench")) == LIVE
    assert set(Session.objects.filter(tenant=world.south)) == {world.katherine.session}
    assert SessionState.objects.live().filter(tenant=north).count() == LIVE


def test_they_look_lived_in(north: Tenant):
    sessions = Session.objects.filter(tenant=north)
    told = sessions.aggregate(*(Count(column, distinct=True) for column in ("device_type", "browser", "ip_address")))
    assert told == {"device_type__count": 3, "browser__count": 5, "ip_address__count": told["ip_address__count"]}
    assert told["ip_address__count"] > 300
    assert not sessions.filter(Q(user_agent="") | Q(location="") & Q(ip_address=None)).exists()
