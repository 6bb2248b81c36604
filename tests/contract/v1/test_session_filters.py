"""Filters of session lists: each narrows what the caller may see and never widens it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts.models import Application
from core.access import Scope
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws, ids, page
from tests.contract.v1.sessions import SESSIONS, change, fall_idle, run_out
from tests.factories import ApplicationFactory, SessionApplicationFactory
from tests.world import SYSTEM, Caller, World, some_id

NETWORKS = {
    "192.0.2.7": "near",
    "192.0.2.7/32": "near",
    "192.0.2.0/24": "near beside",
    "192.0.2.99/24": "near beside",
    "::ffff:192.0.2.7": "near",
    "192.0.0.0/8": "near beside",
    "2001:db8::/32": "far",
    "2001:DB8:0:0:0:0:0:1": "far",
    "0.0.0.0/0": "near beside else",
    "::/0": "far",
    "198.51.100.1": "",
}
FIREFOX_ON_A_PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"
AT = "2026-03-01T12:00:00Z"
LONG_AGO = datetime(2026, 3, 1, 12, tzinfo=UTC)
LISTS = {
    "everybody's": SESSIONS,
    "a tenant's": "/api/v1/tenants/{north}/sessions",
    "a user's": "/api/v1/tenants/{north}/sessions/users/{ada}",
}


def found(caller: Caller, **query: Any) -> list[str]:
    return found_in(caller, SESSIONS, **query)


def found_in(caller: Caller, path: str, **query: Any) -> list[str]:
    return ids(caller.get(f"{path}?{urlencode(query)}"))


def of(*callers: Caller) -> list[str]:
    return sorted((each.session_id for each in callers), reverse=True)


def app(world: World, name: str) -> Application:
    return ApplicationFactory(name=name, client_id=f"{name}{world.suffix}")


class TestOwnerFilters:
    def test_sessions_are_filtered_by_user_tenant_and_partner(self, world: World):
        ada, alan, katherine, lisa = world.ada, world.alan, world.katherine, world.lisa
        operator = world.super_admin
        assert found(operator, user_id=ada.user.handle) == of(ada)
        assert found(operator, tenant_id=world.north.handle) == of(ada, alan)
        assert found(operator, partner_id=world.acme.handle) == of(ada, alan, katherine)
        assert found(operator, partner_id=world.globex.handle) == of(lisa)
        assert found(operator, partner_id=world.acme.handle, tenant_id=world.north.handle) == of(ada, alan)
        assert found(operator, partner_id=world.globex.handle, tenant_id=world.north.handle) == []
        assert found(operator, user_id=ada.user.handle, tenant_id=world.south.handle) == []

    @cells("who", ["north_admin", "acme_partner"])
    def test_foreign_owner_gives_the_same_empty_page_as_an_unknown_one(self, who: str, world: World):
        caller, lisa = getattr(world, who), world.lisa.user
        foreign = {
            "user_id": (lisa.handle, some_id(Prefix.USER)),
            "tenant_id": (lisa.tenant.handle, some_id(Prefix.TENANT)),
            "partner_id": (world.globex.handle, some_id(Prefix.PARTNER)),
        }
        for name, handles in foreign.items():
            for handle in (*handles, "x", "usr_1", some_id(Prefix.AUDIT_ENTRY), "*", "' OR 1=1--"):
                assert found(caller, **{name: handle}) == [], (name, handle)
                assert found(caller, **{name: handle}, active_only="false") == [], (name, handle)

    def test_sister_tenant_is_empty_for_a_tenant_admin(self, world: World):
        assert of(world.katherine) == found(world.acme_partner, tenant_id=world.south.handle)
        assert found(world.north_admin, tenant_id=world.south.handle) == []

    def test_own_partner_is_limited_to_the_tenant_of_a_tenant_admin(self, world: World):
        assert of(world.katherine)
        assert found(world.north_admin, partner_id=world.acme.handle) == of(world.north_admin)


class TestFilteredTotal:
    def test_total_equals_the_matching_sessions_whatever_the_page(self, world: World):
        """Some totals come from counters and others from rows; a page with all rows would hide a wrong counter."""
        for user in (world.ada.user, world.katherine.user, world.lisa.user, world.acme_partner.user):
            assert world.signed_in(user)
        tenants = [f"tenant_id={tenant.handle}" for tenant in (world.north, world.south, world.springfield)]
        partners = [f"partner_id={partner.handle}" for partner in (world.acme, world.globex)]
        both = [f"{tenants[0]}&{partner}" for partner in partners]
        more = ["", "status=active", "active_only=false", "device_type=desktop", f"user_id={world.ada.user.handle}"]
        for caller in (world.north_admin, world.acme_partner, world.super_admin, world.service(Scope.ADMIN_READ)):
            for query in [*tenants, *partners, *both, *more]:
                everything, _ = page(caller.get(f"{SESSIONS}?{query}&per_page=100"))
                _, where = page(caller.get(f"{SESSIONS}?{query}&per_page=1"))
                assert where["total"] == len(everything), query


class TestApplicationFilter:
    def test_matches_sessions_opened_for_or_used_in_the_application(self, world: World):
        wiki, mail = app(world, "wiki"), app(world, "mail")
        change(world.ada, application=wiki)
        SessionApplicationFactory(session=world.alan.session, application=wiki)
        SessionApplicationFactory(session=world.lisa.session, application=mail)
        assert found(world.super_admin, application_id=wiki.handle) == of(world.ada, world.alan)
        assert found(world.north_admin, application_id=mail.handle) == []
        assert found(world.super_admin, application_id=some_id(Prefix.APPLICATION)) == []


class TestSearch:
    def test_matches_part_of_name_address_or_user_agent(self, world: World):
        user = world.person("ada", world.north)
        user.last_name, user.display_name = "Lovelace", "The Countess"
        user.save()
        phone = world.signed_in(user, user_agent=FIREFOX_ON_A_PHONE, ip_address="203.0.113.7")
        assert world.lisa
        named = ["ada@", "ADA@NORTH", "north.example", "lovelace", "Countess"]
        for words in [*named, "Firefox", "android", "Mobile;", "203.0.113."]:
            assert found(world.super_admin, search=words) == of(phone), words

    def test_wildcards_and_quotes_are_matched_literally(self, world: World):
        phone = world.signed_in(world.person("ada", world.north), ip_address="203.0.113.7", user_agent="plain")
        hers = {"user_id": phone.user.handle}
        assert found(world.super_admin, search="plain", **hers) == of(phone)
        for words in ("%", "_", "\\", "a%a", "ad_", "'", '"', "(a+)+$", "113.7", "{}", "\N{SNOWMAN}"):
            assert found(world.super_admin, search=words, **hers) == [], words

    def test_underscore_and_percent_are_matched_literally(self, world: World):
        with_one = world.signed_in(world.ada.user, user_agent="my_own/1.0 100%")
        assert found(world.north_admin, search="my_own") == found(world.north_admin, search="0%") == of(with_one)

    def test_blank_search_matches_everything(self, world: World):
        assert found(world.north_admin, search="") == found(world.north_admin, search="  ") == of(world.north_admin)

    def test_matches_nothing_out_of_the_callers_scope(self, world: World):
        assert world.lisa
        assert found(world.north_admin, search="springfield") == []

    def test_finds_a_user_in_every_list_that_shows_them(self, world: World):
        north = f"/api/v1/tenants/{world.north.handle}/sessions"
        assert world.ada.session
        assert world.alan.session
        for caller in (world.super_admin, world.acme_partner, world.north_admin):
            assert found(caller, search="ada@") == of(world.ada)
            assert found_in(caller, north, search="ada@") == of(world.ada)
            assert found_in(caller, f"{north}/users/{world.ada.user.handle}", search="ada@") == of(world.ada)
            assert found_in(caller, f"{north}/users/{world.alan.user.handle}", search="ada@") == []

    def test_looks_each_user_up_once_and_not_once_for_each_session(self, world: World):
        assert world.ada.session
        with CaptureQueriesContext(connection) as sent:
            found(world.north_admin, search="ada@")
        searching = [each["sql"] for each in sent.captured_queries if "LIKE" in each["sql"]]
        assert len(searching) == 2, "one counts, one finds the page"
        for statement in searching:
            assert 'UPPER(U0."email"::text)' in statement
            assert '"user_email"::text' not in statement


class TestAddressAndDeviceFilters:
    def test_ip_address_may_be_a_single_address_or_a_network(self, world: World):
        addresses = {"near": "192.0.2.7", "beside": "192.0.2.8", "far": "2001:db8::1", "else": "203.0.113.9", "": None}
        user = world.person("ada", world.north)
        callers = {name: world.signed_in(user, ip_address=address) for name, address in addresses.items()}
        for network, who in NETWORKS.items():
            answer = found(world.super_admin, ip_address=network, user_id=user.handle)
            assert answer == of(*(callers[name] for name in who.split())), network

    def test_device_type_matches_that_type_only(self, world: World):
        phone = world.signed_in(world.ada.user, user_agent=FIREFOX_ON_A_PHONE)
        assert found(world.north_admin, device_type="mobile") == of(phone)
        assert found(world.north_admin, device_type="desktop") == of(world.ada, world.north_admin)
        assert found(world.north_admin, device_type="bot") == []

    def test_unknown_device_type_matches_what_the_statistics_count(self, world: World):
        odd = [world.signed_in(world.ada.user, user_agent=agent) for agent in ("", "?")]
        assert found(world.north_admin, device_type="unknown") == of(*odd)
        told = data_of(world.north_admin.get(f"/api/v1/tenants/{world.north.handle}/sessions/stats"))
        assert told["by_device_type"]["unknown"] == len(odd)


class TestTimeFilters:
    """`after` is inclusive and `before` exclusive, so adjacent ranges neither overlap nor leave gaps."""

    def opened(self, world: World, *ago: timedelta) -> list[Caller]:
        callers = [world.signed_in(world.ada.user) for _ in ago]
        for caller, back in zip(callers, ago, strict=True):
            change(caller, created_at=LONG_AGO - back, last_activity_at=LONG_AGO - back)
        return callers

    @cells("what", ["created", "last_activity"])
    def test_after_is_inclusive_and_before_exclusive(self, what: str, world: World):
        second = timedelta(seconds=1)
        before, at, after = self.opened(world, second, timedelta(0), -second)
        Session.objects.filter(user=world.ada.user).exclude(pk=world.ada.session.pk).update(
            idle_limit=timedelta(days=999)
        )
        query = {"user_id": world.ada.user.handle}
        assert found(world.north_admin, **query, **{f"{what}_before": AT}) == of(before)
        assert found(world.north_admin, **query, **{f"{what}_after": AT}) == of(at, after, world.ada)
        span = {f"{what}_after": "2026-03-01T11:59:59Z", f"{what}_before": "2026-03-01T12:00:01Z"}
        assert found(world.north_admin, **query, **span) == of(before, at)
        assert found(world.north_admin, **query, **{f"{what}_after": AT, f"{what}_before": AT}) == []

    def test_every_iso_8601_spelling_is_accepted(self, world: World):
        at, after = self.opened(world, timedelta(0), timedelta(seconds=-1))
        Session.objects.filter(pk__in=[at.session.pk, after.session.pk]).update(idle_limit=timedelta(days=999))
        letters = [AT, AT.lower(), "2026-03-01T12:00:00.000000Z", "2026-03-01T12:00:00", "2026-03-01 12:00:00"]
        for moment in [*letters, "2026-03-01T13:30:00+01:30", "2026-03-01T00:00:00-12:00"]:
            assert found(world.north_admin, created_after=moment, created_before="2026-03-01T12:00:01Z") == of(at)


class TestStatusFilter:
    def test_sessions_are_active_revoked_or_expired(self, world: World):
        revoked, expired, idle, fallen = (world.signed_in(world.ada.user) for _ in range(4))
        operations.revoke(Session.objects.filter(pk=revoked.session.pk), actor=SYSTEM, reason="test")
        run_out(expired)
        fall_idle(idle)
        change(fallen, revision=-1, era=-1)
        live = of(world.ada, world.north_admin)
        for written_down in (False, True):
            if written_down:
                operations.expire(actor=SYSTEM)
            assert found(world.north_admin, status="active") == live
            assert found(world.north_admin, status="expired") == of(expired, idle)
            assert found(world.north_admin, status="revoked") == of(revoked, fallen)
            everything = of(world.ada, world.north_admin, revoked, expired, idle, fallen)
            assert found(world.north_admin, active_only="false") == everything

    def test_tenant_wide_revocation_changes_it_before_the_sweep(self, world: World):
        assert of(world.ada, world.alan)
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="test")
        for _ in range(2):
            assert found(world.super_admin, tenant_id=world.north.handle, status="revoked") == of(world.ada, world.alan)
            assert found(world.super_admin, tenant_id=world.north.handle, status="active") == []
            operations.sweep()

    @cells(
        "reach",
        [
            RevocationScope.ADMINS,
            RevocationScope.APPLICATION,
            RevocationScope.PARTNER,
            RevocationScope.PLATFORM,
            RevocationScope.USER,
        ],
    )
    def test_every_combination_of_filters_gives_the_same_status(self, reach: RevocationScope, world: World):
        """Lists of live sessions only use another query than the other lists."""
        wiki, for_wiki = app(world, "wiki"), world.signed_in(world.ada.user)
        change(for_wiki, application=wiki)
        assert of(world.alan, world.north_admin)
        targets = {
            RevocationScope.APPLICATION: wiki,
            RevocationScope.PARTNER: world.acme,
            RevocationScope.USER: world.ada.user,
        }
        target = targets[reach].pk if reach in targets else None
        operations.revoke_scope(reach, target, actor=SYSTEM, reason="test")
        unharmed = {
            RevocationScope.ADMINS: [world.ada, for_wiki, world.alan],
            RevocationScope.APPLICATION: [world.ada, world.alan, world.north_admin],
            RevocationScope.USER: [world.alan, world.north_admin],
        }
        alive = [world.signed_in(world.alan.user), *unharmed.get(reach, [])]
        here = f"/api/v1/tenants/{world.north.handle}/sessions"
        everybody = f"{SESSIONS}?tenant_id={world.north.handle}"
        for path in (
            f"{here}?",
            f"{here}?page=1&",
            f"{here}?per_page=7&",
            f"{everybody}&",
            f"{everybody}&search=north&",
        ):
            assert ids(world.super_admin.get(f"{path}ordering=-created_at")) == of(*alive), path
            assert ids(world.super_admin.get(f"{path}ordering=created_at")) == of(*alive)[::-1], path

    def test_status_and_active_only_are_combined_with_and(self, world: World):
        gone = world.signed_in(world.ada.user)
        run_out(gone)
        mine = {"user_id": world.ada.user.handle}
        assert found(world.north_admin, **mine, status="expired") == of(gone)
        assert found(world.north_admin, **mine, status="expired", active_only="false") == of(gone)
        assert found(world.north_admin, **mine, status="expired", active_only="true") == []
        assert found(world.north_admin, **mine, status="active", active_only="false") == of(world.ada)


class TestFiltersOfEveryList:
    @pytest.fixture(params=LISTS)
    def path(self, request: pytest.FixtureRequest, world: World) -> str:
        return LISTS[request.param].format(north=world.north.handle, ada=world.ada.user.handle)

    def test_every_list_has_the_same_filters(self, path: str, world: World):
        phone = world.signed_in(world.ada.user, user_agent=FIREFOX_ON_A_PHONE, ip_address="203.0.113.7")
        change(phone, created_at=Now() - timedelta(hours=5), last_activity_at=Now() - timedelta(hours=3))
        hour = timedelta(hours=1)
        now = datetime.now(UTC)
        for query in (
            {"search": "firefox"},
            {"ip_address": "203.0.113.0/24"},
            {"device_type": "mobile"},
            {"created_before": now - 4 * hour, "created_after": now - 6 * hour},
            {"last_activity_before": now - 2 * hour, "last_activity_after": now - 4 * hour},
            {"search": "firefox", "device_type": "mobile", "status": "active", "active_only": "yes"},
        ):
            assert ids(world.north_admin.get(f"{path}?{urlencode(query)}")) == of(phone), query

    def test_invalid_value_is_422_by_name(self, path: str, world: World):
        for name, values in WRONG.items():
            for value in values:
                [(where, _, _)] = flaws(world.north_admin.get(f"{path}?{name}={quote(value, safe='')}"))
                assert where == ["query", name], (name, value)

    def test_null_bytes_and_invalid_utf8_are_422(self, path: str, world: World):
        for name in ("application_id", "search", "ip_address", "device_type", "created_after", "status", "active_only"):
            for raw in ("%00", "a%00b", "%ff", "%ed%a0%80", "x" * 65_000):
                [(where, _, _)] = flaws(world.north_admin.get(f"{path}?{name}={raw}"))
                assert where == ["query", name], (name, raw[:9])

    def test_every_invalid_filter_is_named_at_once(self, path: str, world: World):
        told = flaws(world.north_admin.get(f"{path}?status=x&active_only=x&created_after=x"))
        assert {where[1] for where, _, _ in told} == {"status", "active_only", "created_after"}


MOMENTS: Iterable[str] = (
    "x",
    "2026-03-01",
    "2026-02-30T12:00:00Z",
    "2026-03-01T25:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "10000-01-01T00:00:00Z",
    "1772366400",
    "now",
    "2026-W09-7T12:00:00Z",
    "\u0662\u0660\u0662\u0666-03-01T12:00:00Z",
)
WRONG: dict[str, Iterable[str]] = {
    "status": ("x", "ACTIVE", "live", "active,revoked"),
    "active_only": ("x", "2", "null", "truee"),
    "ip_address": (
        "x",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.0/33",
        "2001:db8::/129",
        "fe80::1%eth0",
        "1",
        "/8",
        "::1/",
    ),
    "created_after": MOMENTS,
    "created_before": MOMENTS,
    "last_activity_after": MOMENTS,
    "last_activity_before": MOMENTS,
    "search": ("x" * 101,),
    "device_type": ("toaster", "Mobile", "desktop,mobile"),
    "application_id": ("x" * 65,),
}
