"""GET /api/account/sessions and /count: the user's own live sessions."""

import csv
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Role
from core.access import Scope
from sessions_app import operations
from sessions_app.models import Session
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.contract.panel.answers import COUNT, SESSIONS, again, browser, data_of, page, refused, tokens, when
from tests.contract.v1.sessions import change, fall_idle, row, run_out
from tests.contract.v1.test_token_exchange import acting_for, application
from tests.world import SYSTEM, Caller, World

WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1"
)
NUMBERS = {
    1: ("1.0", "1e0", "1.0000000000000000001", "0b1"),
    2: ("2.", ".2e1", "20E-1", "002", "%2B2", "+2+", "%09%0A2", "%C2%A02%EF%BB%BF", "0x2"),
    10: ("1e1", "0XA"),
    15: ("0o17",),
}
NO_NUMBERS = [
    *("1_0", "0x", "0xg", "-0x1", "%2B0x1", "0b2", "0o8", "1e", "e1", ".", "%2B", "1,5", "1%202", "null", "true"),
    *("NaN", "Infinity", "1e999", "0x" + "f" * 400, "0.99", "-1e9", "%EF%BC%91", "%D9%A1"),
]
USER_AGENTS = Path(__file__).with_name("user_agents.csv")
SAID_BY_A_SESSION = "data", "currentToken", "pagination"


def only_row(caller: Caller) -> dict[str, Any]:
    (found,) = page(caller)[0]
    return found


class TestListedSession:
    def test_session_has_the_thirteen_documented_fields(self, world: World):
        ada = world.signed_in(world.person("ada", world.north), user_agent=WINDOWS)
        told, stored = only_row(ada), row(ada)
        opened, ends, first, last = (
            when(told.pop(name)) for name in ("issuedAt", "expiresAt", "firstSeenAt", "lastSeenAt")
        )
        assert abs(opened - stored.created_at) < timedelta(milliseconds=1)
        assert abs(ends - stored.expires_at) < timedelta(milliseconds=1)
        assert abs(last - stored.last_activity_at) < timedelta(milliseconds=1)
        assert first == opened
        assert told.pop("expiresAtTimestamp") == round(ends.timestamp() * 1000)
        assert re.fullmatch("fp_[0-9a-f]{12}", told.pop("fingerprint"))
        assert told == {
            "token": ada.session_id,
            "isCurrent": True,
            "ipAddress": "192.0.2.10",
            "userAgent": WINDOWS,
            "browser": "Chrome",
            "os": "Windows",
            "device": "Desktop",
        }

    def test_browser_os_and_device_match_the_reference_parser(self, world: World):
        """The CSV file holds the results of the original application's parser for each user agent."""
        with USER_AGENTS.open(newline="") as table:
            expected = {row.pop("user_agent"): row for row in csv.DictReader(table)}
        assert len(expected) >= 40
        person = world.person("ada", world.north)
        agents = {world.signed_in(person, user_agent=agent).session_id: agent for agent in expected}
        rows, _, _ = page(api_key_of(person), "?limit=100")
        actual = {agents[row["token"]]: {name: row[name] for name in ("browser", "os", "device")} for row in rows}
        assert actual.keys() == expected.keys()
        assert {agent: names for agent, names in actual.items() if names != expected[agent]} == {}

    def test_missing_address_and_user_agent_are_listed_as_unknown(self, world: World):
        told = only_row(world.signed_in(world.person("ada", world.north), ip_address=None, user_agent=""))
        assert (told["ipAddress"], told["userAgent"]) == ("Unknown", "Unknown")

    def test_issued_at_is_the_sign_in_time_whatever_the_expiry(self, world: World):
        change(world.ada, expires_at=F("expires_at") - timedelta(days=20))
        told = only_row(world.ada)
        assert abs(when(told["issuedAt"]) - row(world.ada).created_at) < timedelta(milliseconds=1)


class TestFingerprint:
    def of(self, caller: Caller) -> list[str]:
        return [each["fingerprint"] for each in page(caller)[0]]

    def test_is_equal_for_one_device_at_different_addresses(self, world: World):
        again(world, world.ada, ip_address="198.51.100.7")
        assert len(self.of(world.ada)) == 2
        assert len(set(self.of(world.ada))) == 1

    def test_differs_between_devices(self, world: World):
        again(world, world.ada, user_agent=IPHONE)
        again(world, world.ada, user_agent=WINDOWS)
        assert len(set(self.of(world.ada))) == 3

    def test_differs_between_users_of_one_device(self, world: World):
        assert self.of(world.ada) != self.of(world.alan)

    def test_depends_on_the_secret_key(self, world: World, settings: Any):
        before = self.of(world.ada)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another key, which gives other fingerprints"
        assert self.of(world.ada) != before


class TestList:
    def test_response_has_the_documented_fields(self, world: World):
        answer = data_of(world.ada.get(f"{SESSIONS}?page=1&limit=50"))
        assert tuple(answer) == SAID_BY_A_SESSION
        assert answer["currentToken"] == world.ada.session_id
        assert answer["pagination"] == {"page": 1, "perPage": 50, "total": 1, "totalPages": 1}

    def test_is_sorted_by_latest_expiry_first(self, world: World):
        callers = [world.ada, *(again(world, world.ada) for _ in range(4))]
        for days, caller in zip((3, 1, 5, 5, 2), callers, strict=True):
            change(caller, expires_at=row(callers[0]).created_at + timedelta(days=days))
        latest_first = [callers[number].session_id for number in (3, 2, 0, 4, 1)]
        assert tokens(world.ada) == latest_first
        assert [token for number in (1, 2, 3) for token in tokens(world.ada, f"?limit=2&page={number}")] == latest_first

    def test_leaves_out_revoked_expired_and_idle_sessions(self, world: World):
        revoked, expired, idle = (again(world, world.ada) for _ in range(3))
        operations.revoke(Session.objects.filter(pk=revoked.session.pk), actor=SYSTEM, reason="test")
        run_out(expired)
        fall_idle(idle)
        rows, _, where = page(world.ada)
        assert [each["token"] for each in rows] == [world.ada.session_id]
        assert where["total"] == data_of(world.ada.get(COUNT))["count"] == 1

    def test_contains_the_callers_own_sessions_only(self, world: World):
        for caller in (world.ada, world.alan, world.north_admin, world.acme_partner, world.super_admin, world.lisa):
            assert tokens(caller) == [caller.session_id]

    def test_marks_the_callers_session_as_current(self, world: World):
        phone = again(world, world.ada)
        for caller in (phone, world.ada, browser(phone)):
            rows, current, _ = page(caller)
            assert current == caller.session_id
            assert {each["token"]: each["isCurrent"] for each in rows} == {
                phone.session_id: caller.session_id == phone.session_id,
                world.ada.session_id: caller.session_id == world.ada.session_id,
            }

    def test_marks_no_session_as_current_for_an_api_key(self, world: World):
        world.ada.get(SESSIONS)
        rows, current, _ = page(api_key_of(world.ada.user))
        assert (current, [each["isCurrent"] for each in rows]) == (None, [False])

    def test_is_empty_for_an_api_key_of_a_signed_out_user(self, world: World):
        key = api_key_of(world.person("grace", world.north))
        assert page(key) == ([], None, {"page": 1, "perPage": 50, "total": 0, "totalPages": 0})
        assert data_of(key.get(COUNT)) == {"count": 0}

    def test_count_and_total_equal_the_live_sessions(self, world: World):
        for number in range(2, 5):
            again(world, world.ada)
            assert data_of(world.ada.get(COUNT)) == {"count": number}
            assert page(world.ada)[2]["total"] == number


class TestPagination:
    @pytest.fixture
    def seven(self, world: World) -> Caller:
        for _ in range(6):
            again(world, world.ada)
        return world.ada

    @pytest.mark.parametrize(
        ("query", "length", "where"),
        [
            ("", 7, {"page": 1, "perPage": 50, "total": 7, "totalPages": 1}),
            ("?limit=3", 3, {"page": 1, "perPage": 3, "total": 7, "totalPages": 3}),
            ("?limit=3&page=3", 1, {"page": 3, "perPage": 3, "total": 7, "totalPages": 3}),
            ("?limit=3&page=4", 0, {"page": 4, "perPage": 3, "total": 7, "totalPages": 3}),
            ("?limit=100", 7, {"page": 1, "perPage": 100, "total": 7, "totalPages": 1}),
            (f"?page={2**53 - 1}", 0, {"page": 2**53 - 1, "perPage": 50, "total": 7, "totalPages": 1}),
            ("?perPage=2&sortOrder=asc&nonsense", 7, {"page": 1, "perPage": 50, "total": 7, "totalPages": 1}),
            ("?limit=1&limit=2", 2, {"page": 1, "perPage": 2, "total": 7, "totalPages": 4}),
        ],
    )
    def test_page_and_limit_select_the_page(self, query: str, length: int, where: dict[str, int], seven: Caller):
        rows, _, said = page(seven, query)
        assert (len(rows), said) == (length, where)

    @cells("field", ["page", "limit"])
    @cells("value", ["0", "-1", "abc", "", "%20", "9" * 40, "%00", "%ff", "٣"])
    def test_invalid_page_or_limit_is_refused_with_400(self, field: str, value: str, world: World):
        answer = world.ada.get(f"{SESSIONS}?{field}={value}")
        assert refused(answer, 400) == "Query validation failed"
        told = answer.json()
        assert told["statusMessage"] == "Validation Error"
        assert told["data"].keys() == {"message", "statusCode", "data"}
        assert (told["data"]["message"], told["data"]["statusCode"]) == ("Query validation failed", 400)
        (error,) = told["data"]["data"]["errors"]
        assert error.keys() == {"field", "message"}
        assert error["field"] == field
        assert error["message"]

    def test_numbers_are_parsed_as_javascript_does(self, seven: Caller):
        wrong = {}
        spellings = [(text, value) for value, texts in NUMBERS.items() for text in texts]
        for text, value in spellings:
            for parameter, field in (("page", "page"), ("limit", "perPage")):
                answer = seven.get(f"{SESSIONS}?{parameter}={text}")
                if answer.status_code != 200 or answer.json()["pagination"][field] != value:
                    wrong[f"{parameter}={text}"] = answer.content
        for query in (f"{parameter}={text}" for text in NO_NUMBERS for parameter in ("page", "limit")):
            answer = seven.get(f"{SESSIONS}?{query}")
            if answer.status_code != 400 or answer.json()["message"] != "Query validation failed":
                wrong[query] = answer.content
        assert wrong == {}

    def test_fractional_page_is_accepted_only_at_a_row_boundary(self, seven: Caller):
        all_of_them = tokens(seven)
        rows, _, where = page(seven, "?page=1.5&limit=4")
        assert [row["token"] for row in rows] == all_of_them[2:6]
        assert where == {"page": 1.5, "perPage": 4, "total": 7, "totalPages": 2}
        for query in ("page=1.5&limit=3", "limit=1.5", "limit=99.5", "page=2&limit=2.5"):
            assert refused(seven.get(f"{SESSIONS}?{query}"), 400) == "Query validation failed"

    def test_limit_above_100_is_refused_with_400(self, world: World):
        assert refused(world.ada.get(f"{SESSIONS}?limit=101"), 400) == "Query validation failed"
        assert page(world.ada, "?limit=100")[2]["perPage"] == 100


class TestDelegatedToken:
    def test_may_list_but_not_revoke(self, world: World):
        application(world)
        client = acting_for(world.ada)
        assert tokens(client) == [world.ada.session_id]
        words = "A client that acts for a user cannot do this; the user must do it"
        assert refused(client.delete(SESSIONS), 403) == words
        assert refused(client.delete(f"{SESSIONS}/{world.ada.session_id}"), 403) == words


def test_service_token_is_refused_with_403(world: World):
    service = world.service(*Scope)
    words = "This endpoint is about the signed-in user, and a client's token has none"
    for method, path in (("GET", SESSIONS), ("GET", COUNT), ("DELETE", SESSIONS), ("DELETE", f"{SESSIONS}/x")):
        assert refused(service.request(method, path), 403) == words


def test_listing_writes_nothing_to_the_sessions(world: World):
    person = world.person("admin", world.north, Role.TENANT_ADMIN)
    caller = world.signed_in(person)
    before = list(Session.objects.order_by("pk").values())
    page(caller)
    data_of(caller.get(COUNT))
    assert list(Session.objects.order_by("pk").values()) == before


def test_listing_updates_last_activity_as_in_every_api(world: World):
    change(world.ada, last_activity_at=Now() - timedelta(minutes=2))
    page(world.ada)
    assert row(world.ada).last_activity_at >= row(world.ada).created_at
