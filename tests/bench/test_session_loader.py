"""Sessions loaded by the bench are consistent, as if the product had created them."""

from datetime import timedelta

import pytest
from django.db.models import Count, Q

from accounts.models import User
from bench.populations import Population
from bench.session_loader import SessionLoader
from core.access import Principal
from sessions_app import operations
from sessions_app.models import RevocationScope, Session, SessionState
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from tenancy.models import Tenant
from tests.world import World

LIVE = 1_000


@pytest.fixture
def north(world: World) -> Tenant:
    loader = SessionLoader(world.katherine.session)
    loader.load(world.north, Population.with_live(loader.rng, LIVE), lambda rows: None)
    loader.load(world.south, Population.past_retention(loader.rng, LIVE), lambda rows: None)
    counter_maintenance.recount()
    return world.north


def test_number_of_live_sessions_is_as_requested(north: Tenant):
    assert SessionState.objects.live().filter(tenant=north).count() == LIVE
    assert live_counts.live_count(RevocationScope.TENANT, north.pk) == LIVE


def test_a_tenth_as_many_are_ended_half_of_them_expired(north: Tenant):
    ended = Session.objects.filter(tenant=north, revoked_at__isnull=False)
    assert ended.count() == LIVE // 10
    assert ended.filter(is_expired=True).count() == LIVE // 20


def test_counters_equal_the_rows(north: Tenant):
    assert list(counter_maintenance.differences()) == []


def test_every_session_belongs_to_a_user_of_the_tenant(north: Tenant):
    owners = User.objects.filter(tenant=north, role="user", tenant_kind="CUSTOMER")
    assert Session.objects.filter(tenant=north).exclude(user__in=owners).count() == 0
    assert owners.count() == LIVE * 11 // 10 // 5


def test_newest_live_session_of_each_user_has_the_flag(north: Tenant):
    live = Session.objects.filter(tenant=north, revoked_at=None)
    newest = live.order_by("user", "-pk").distinct("user").values_list("pk", flat=True)
    assert set(live.filter(is_newest=True).values_list("pk", flat=True)) == set(newest)


def test_order_of_ids_is_the_order_of_creation(north: Tenant):
    ordered = list(Session.objects.filter(tenant=north).order_by("pk").values_list("created_at", flat=True))
    assert ordered == sorted(ordered)


def test_sessions_past_retention_are_purged_and_no_others(north: Tenant, world: World, settings):
    retention = timedelta(days=settings.SESSION_RETENTION_DAYS)
    assert operations.purge(retention, actor=Principal.system("bench")) == LIVE
    assert set(Session.objects.filter(tenant=world.south)) == {world.katherine.session}
    assert SessionState.objects.live().filter(tenant=north).count() == LIVE


def test_devices_and_addresses_vary(north: Tenant):
    sessions = Session.objects.filter(tenant=north)
    counts = sessions.aggregate(*(Count(column, distinct=True) for column in ("device_type", "browser", "ip_address")))
    assert counts == {"device_type__count": 3, "browser__count": 5, "ip_address__count": counts["ip_address__count"]}
    assert counts["ip_address__count"] > 300
    assert not sessions.filter(Q(user_agent="") | Q(location="") & Q(ip_address=None)).exists()
