"""Which credentials the admin tokens API accepts, and how it refuses cross-site requests."""

from typing import Any

import pytest

from accounts.models import SignInThrottle
from audit.models import AuditEntry
from core.access import Scope
from tests.access.callers import api_key_of
from tests.access.database_digest import database_digest
from tests.architecture.test_sql_counts import cost
from tests.cells import cells
from tests.contract.admin_tokens.answers import (
    COOKIE,
    KEY,
    ORIGINAL_COOKIE,
    REVOKE,
    SESSIONS,
    browser,
    by_key,
    data_of,
    drops_cookie,
    refused,
)
from tests.contract.v1.sessions import is_alive
from tests.contract.v1.test_token_exchange import acting_for, application
from tests.world import Caller, World

ROUTES = [("GET", SESSIONS), ("DELETE", f"{SESSIONS}/x"), ("POST", REVOKE)]
each_route = pytest.mark.parametrize(("method", "path"), ROUTES)
UNAUTHORIZED = "Unauthorized"
TOO_MANY = "Too many requests of this kind; wait as many seconds as Retry-After says"


def last_denials(count: int) -> list[AuditEntry]:
    return list(reversed(AuditEntry.objects.filter(action="access.denied").order_by("-pk")[:count]))


class TestAdminKey:
    @cells("sent", [KEY, f"  {KEY} "])
    def test_admin_key_is_accepted(self, sent: str, world: World):
        assert data_of(by_key(sent).get(SESSIONS))["success"] is True

    @each_route
    def test_wrong_key_is_refused_with_401(self, method: str, path: str, world: World):
        for sent in ("x", KEY[:-1], KEY + "x", KEY.upper(), "é" * 40, "x" * 20_000):
            assert refused(by_key(sent).request(method, path)) == UNAUTHORIZED

    @each_route
    def test_every_key_is_refused_when_none_is_configured(self, method: str, path: str, world: World, settings: Any):
        settings.ADMIN_KEY = ""
        for sent in (KEY, "", "x", "None"):
            assert refused(by_key(sent).request(method, path)) == UNAUTHORIZED

    @each_route
    def test_key_is_accepted_in_its_own_header_only(self, method: str, path: str, world: World):
        as_cookie = Caller()
        as_cookie.http.cookies[COOKIE] = KEY
        as_basic = Caller().request(method, path, headers={"Authorization": f"Basic {KEY}"})
        in_url = Caller().request(method, f"{path}?x-admin-key={KEY}&key={KEY}")
        for answer in (Caller(KEY).request(method, path), as_cookie.request(method, path), as_basic, in_url):
            assert refused(answer) == UNAUTHORIZED
            assert KEY not in answer.content.decode()

    def test_super_admins_access_token_is_accepted_in_the_key_header(self, world: World):
        operator = world.super_admin
        assert data_of(by_key(operator.token or "").get(SESSIONS))["success"] is True
        for other in (world.north_admin, world.acme_partner, world.ada, world.service(*Scope)):
            assert refused(by_key(other.token or "").get(SESSIONS)) == UNAUTHORIZED

    def test_wrong_key_is_refused_even_with_a_valid_token_or_cookie(self, world: World):
        operator = world.super_admin
        assert refused(by_key("x", token=operator.token).get(SESSIONS)) == UNAUTHORIZED
        both = browser(operator)
        assert refused(both.get(SESSIONS, headers={"X-Admin-Key": "x"})) == UNAUTHORIZED

    @cells("blank", ["", "   "])
    def test_blank_key_header_is_ignored(self, blank: str, world: World):
        assert data_of(by_key(blank, token=world.super_admin.token).get(SESSIONS))["success"] is True

    def test_admin_key_is_refused_by_other_apis(self, world: World):
        for path in ("/api/v1/admin/sessions", "/api/v1/me", "/api/account/sessions"):
            assert by_key().get(path).status_code == 401


class TestAccessToken:
    def test_super_admins_token_and_cookie_are_accepted(self, world: World):
        operator = world.super_admin
        assert data_of(operator.get(SESSIONS))["success"] is True
        assert data_of(browser(operator).get(SESSIONS))["success"] is True
        for scheme in ("bearer", "BEARER"):
            answer = Caller().get(SESSIONS, headers={"Authorization": f"{scheme} {operator.token}"})
            assert data_of(answer)["success"] is True

    @each_route
    def test_token_of_anybody_but_a_super_admin_is_refused_with_401(self, method: str, path: str, world: World):
        application(world)
        operator = world.super_admin
        others = [world.ada, world.north_admin, world.acme_partner, world.service(*Scope), world.service()]
        others += [browser(each) for each in (world.ada, world.north_admin, world.acme_partner)]
        others += [acting_for(operator), api_key_of(operator.user), Caller("x"), Caller(""), Caller("a.b.c"), Caller()]
        before = database_digest()
        for caller in others:
            assert refused(caller.request(method, path)) == UNAUTHORIZED
        assert database_digest() == before

    def test_refused_tenant_admin_is_recorded_as_denied(self, world: World):
        world.north_admin.get(SESSIONS)
        (entry,) = last_denials(1)
        assert (entry.actor_id, entry.result) == (world.north_admin.user.handle, "denied")
        assert entry.changes["path"] == SESSIONS

    def test_token_of_a_revoked_session_is_refused(self, world: World):
        operator = world.super_admin
        operator.post("/api/v1/auth/logout")
        for caller in (operator, browser(operator), by_key(operator.token or "")):
            assert refused(caller.get(SESSIONS)) == UNAUTHORIZED


class TestSessionCookie:
    def test_cookie_is_accepted_under_both_names(self, world: World):
        operator = world.super_admin
        assert data_of(browser(operator, ORIGINAL_COOKIE).get(SESSIONS))["success"] is True
        with_token = Caller()
        with_token.http.cookies[ORIGINAL_COOKIE] = operator.token
        assert data_of(with_token.get(SESSIONS))["success"] is True

    @each_route
    def test_legacy_cookie_of_anybody_but_a_super_admin_is_refused(self, method: str, path: str, world: World):
        others = [world.north_admin, world.acme_partner, world.ada]
        values = [value for caller in others for value in (caller.key, caller.token)]
        values += [KEY, str(api_key_of(world.super_admin.user).token), str(world.service(*Scope).token)]
        before = database_digest()
        for value in values:
            caller = Caller()
            caller.http.cookies[ORIGINAL_COOKIE] = value
            assert refused(caller.request(method, path)) == UNAUTHORIZED
        assert database_digest() == before

    def test_legacy_cookie_is_refused_by_other_apis(self, world: World):
        operator = browser(world.super_admin, ORIGINAL_COOKIE)
        for path in ("/api/account/sessions", "/api/v1/me", "/edge/management/v1/api-sessions"):
            assert operator.get(path).status_code == 401

    @cells("other", ["dead", "a user's", "an administrator's who may do less"])
    def test_valid_cookie_wins_over_invalid_second_cookie(self, other: str, world: World):
        keys = {"dead": "cfs_x", "a user's": world.ada.key, "an administrator's who may do less": world.north_admin.key}
        both = browser(world.super_admin, ORIGINAL_COOKIE)
        both.http.cookies[COOKIE] = keys[other]
        answer = both.get(SESSIONS)
        assert (answer.status_code, answer.cookies) == (200, {})

    def test_both_cookies_are_deleted_when_both_are_invalid(self, world: World):
        both = browser(world.super_admin, ORIGINAL_COOKIE)
        both.http.cookies[COOKIE] = both.http.cookies[ORIGINAL_COOKIE] = "cfs_x"
        answer = both.get(SESSIONS)
        assert refused(answer) == UNAUTHORIZED
        assert drops_cookie(answer)
        assert drops_cookie(answer, ORIGINAL_COOKIE)

    def test_access_token_in_session_cookie_is_refused(self, world: World):
        operator = Caller()
        operator.http.cookies[COOKIE] = world.super_admin.token
        answer = operator.get(SESSIONS)
        assert refused(answer) == UNAUTHORIZED
        assert drops_cookie(answer)

    @cells("name", [COOKIE, ORIGINAL_COOKIE])
    def test_cookie_is_deleted_by_the_401_it_caused_and_no_other(self, name: str, world: World):
        operator, admin = browser(world.super_admin, name), browser(world.north_admin, name)
        assert not operator.get(SESSIONS).cookies
        assert not operator.get(SESSIONS, headers={"X-Admin-Key": "x"}).cookies
        answer = admin.get(SESSIONS)  # it is live, and administers less
        assert refused(answer) == UNAUTHORIZED
        assert not answer.cookies
        world.super_admin.post("/api/v1/auth/logout")
        assert not operator.get(SESSIONS, headers={"Authorization": "Bearer x"}).cookies
        answer = operator.get(SESSIONS)
        assert refused(answer) == UNAUTHORIZED
        assert drops_cookie(answer, name)

    @cells("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
    def test_cross_site_request_with_legacy_cookie_is_refused_with_403(self, headers: dict[str, str], world: World):
        operator, admin = browser(world.super_admin, ORIGINAL_COOKIE), world.north_admin
        assert refused(operator.delete(f"{SESSIONS}/{admin.session_id}", headers=headers), 403) == "Forbidden"
        assert refused(operator.post(REVOKE, headers=headers), 403) == "Forbidden"
        assert is_alive(admin)


class TestKeyGuessing:
    @pytest.fixture(autouse=True)
    def three_failures(self, settings: Any) -> None:
        settings.SIGN_IN_FAILURES_PER_ADDRESS = 3

    def test_repeated_wrong_keys_are_throttled_with_429(self, world: World):
        answers = [by_key("x").get(SESSIONS) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
        assert refused(answers[-1], 429) == TOO_MANY
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert by_key().get(SESSIONS).status_code == 429  # or else one could go on trying

    def test_wrong_and_throttled_keys_are_recorded(self, world: World):
        for _ in range(4):
            by_key("x").get(SESSIONS)
        told = [(each.actor_type, each.actor_label, each.changes["reason"], each.result) for each in last_denials(4)]
        wrong = ("anonymous", "admin key", "wrong admin key", "denied")
        assert told == [wrong, wrong, wrong, ("anonymous", "admin key", "throttled", "denied")]

    def test_correct_keys_do_not_count_as_failures(self, world: World):
        for _ in range(5):
            data_of(by_key().get(SESSIONS))
        assert [by_key(key).get(SESSIONS).status_code for key in ("x", KEY, "x", KEY)] == [401, 200, 401, 200]
        assert SignInThrottle.objects.get().failures == 2

    def test_throttled_address_does_not_block_other_addresses(self, world: World):
        for _ in range(4):
            by_key("x").get(SESSIONS)
        assert data_of(by_key().get(SESSIONS, REMOTE_ADDR="198.51.100.7"))["success"] is True
        assert data_of(world.super_admin.get(SESSIONS))["success"] is True


class TestCrossSiteRequests:
    EVIL = ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"})

    @cells("headers", EVIL)
    def test_cross_site_change_is_refused_for_every_caller(self, headers: dict[str, str], world: World):
        operator, admin = world.super_admin, world.north_admin
        before = database_digest()
        for caller in (operator, browser(operator), by_key(), by_key("x"), world.nobody, Caller("x")):
            for method, path in (("DELETE", f"{SESSIONS}/{admin.session_id}"), ("POST", REVOKE)):
                answer = caller.request(method, path, headers=headers)
                assert refused(answer, 403) == "Forbidden"
                assert cost(lambda: caller.request(method, path, headers=headers)) == 0  # noqa: B023 - asked at once
        assert database_digest() == before
        assert is_alive(admin)

    def test_allowed_origin_may_change_with_token_but_not_with_cookie(self, world: World, settings: Any):
        settings.CORS_ALLOWED_ORIGINS = ["https://panel.example"]
        named = {"Origin": "https://panel.example", "Sec-Fetch-Site": "cross-site"}
        operator, one, other = world.super_admin, world.north_admin, world.acme_partner
        path = f"{SESSIONS}/{one.session_id}"
        assert refused(browser(operator).delete(path, headers=named), 403) == "Forbidden"
        assert refused(by_key().delete(path, headers=self.EVIL[0]), 403) == "Forbidden"
        assert is_alive(one)
        assert data_of(by_key().delete(path, headers=named))["success"] is True
        assert data_of(operator.delete(f"{SESSIONS}/{other.session_id}", headers=named))["success"] is True
        assert (is_alive(one), is_alive(other)) == (False, False)

    @cells("headers", EVIL)
    def test_cross_site_read_is_answered_without_cors_header(self, headers: dict[str, str], world: World):
        answer = by_key().get(SESSIONS, headers=headers)
        assert data_of(answer)["success"] is True
        assert "Access-Control-Allow-Origin" not in answer.headers

    @cells("headers", [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}])
    def test_same_origin_change_with_cookie_is_accepted(self, headers: dict[str, str], world: World):
        assert data_of(browser(world.super_admin).post(REVOKE, headers=headers))["success"] is True


@cells(
    ("path", "methods"),
    [
        (SESSIONS, {"POST", "PUT", "DELETE"}),
        (f"{SESSIONS}/x", {"GET", "PATCH"}),
        (REVOKE, {"GET", "DELETE", "OPTIONS"}),
    ],
)
def test_wrong_method_is_refused_with_401_before_405(path: str, methods: set[str], world: World):
    for method in sorted(methods):
        assert refused(world.nobody.request(method, path)) == UNAUTHORIZED
        answer = by_key().request(method, path)
        assert refused(answer, 405) == "Method Not Allowed"
        assert answer["Allow"]


def test_errors_before_any_view_have_the_documented_body(world: World):
    for path in ("/api/admin/tokens", "/api/admin/nowhere", f"{SESSIONS}/"):
        answer = by_key().get(path)
        assert (answer.status_code, answer.json()) == (404, {"success": False, "error": "Not Found"})
    too_large = world.nobody.request("POST", REVOKE, CONTENT_LENGTH=str(2**40))
    assert (too_large.status_code, too_large.json()["success"]) == (413, False)


def test_responses_contain_no_credentials(world: World):
    operator, admin = world.super_admin, world.north_admin
    secrets = {KEY, *(each for who in (operator, admin) for each in (who.token, who.refresh_token, who.key))}
    for answer in (
        by_key().get(f"{SESSIONS}?status=all"),
        by_key().delete(f"{SESSIONS}/{admin.session_id}"),
        by_key().post(REVOKE),
    ):
        said = answer.content.decode() + str(answer.headers)
        assert not [secret for secret in secrets if secret in said]
