"""Which credentials /api/account/sessions accepts, and how it refuses cross-site requests."""

from typing import Any

import pytest

from core.access import Scope
from tests.access.callers import api_key_of
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.panel.answers import (
    COOKIE,
    COUNT,
    SESSIONS,
    SIGN_IN,
    WRONG_KEY,
    again,
    browser,
    data_of,
    drops_cookie,
    refused,
)
from tests.contract.v1.answers import LOGIN
from tests.contract.v1.sessions import is_alive
from tests.world import PASSWORD, Caller, World

ROUTES = [
    ("GET", SESSIONS),
    ("GET", COUNT),
    ("DELETE", SESSIONS),
    ("DELETE", f"{SESSIONS}/x"),
    ("DELETE", f"{SESSIONS}/"),
]
each_route = pytest.mark.parametrize(("method", "path"), ROUTES)


def by_header(key: str) -> dict[str, Any]:
    return {"headers": {"X-Api-Key": key}}


def test_access_token_api_key_and_session_cookie_are_accepted(world: World):
    key = api_key_of(world.ada.user).token or ""
    for caller, more in (
        (world.ada, {}),
        (Caller(key), {}),
        (Caller(), by_header(key)),
        (Caller(), by_header(f"  {key} ")),
        (browser(world.ada), {}),
    ):
        assert data_of(caller.get(COUNT, **more)) == {"count": 1}


def test_cookie_set_at_sign_in_is_accepted(world: World):
    here = Caller()
    signed_in = {"email": world.ada.user.email, "password": PASSWORD, "session_cookie": True}
    answer = here.post(LOGIN, signed_in)
    body = data_of(here.get(SESSIONS))
    assert body["currentToken"] == answer.json()["data"]["session_id"]


@each_route
class TestInvalidCredential:
    def test_missing_credential_is_refused_with_401(self, method: str, path: str, world: World):
        assert refused(world.nobody.request(method, path)) == SIGN_IN

    @pytest.mark.parametrize("credential", ["x", "curfew_x", "cfs_x", "a.b.c", "", "cfr_" + "A" * 86, "x" * 20_000])
    def test_invalid_bearer_token_is_refused_with_401(self, credential: str, method: str, path: str, world: World):
        assert refused(Caller().request(method, path, headers={"Authorization": f"Bearer {credential}"})) == WRONG_KEY

    def test_invalid_api_key_is_refused_with_401(self, method: str, path: str, world: World):
        for key in ("x", "curfew_x", world.ada.token, world.ada.key, world.service(*Scope).token):
            assert refused(Caller().request(method, path, **by_header(key))) == WRONG_KEY

    def test_invalid_cookie_is_refused_with_401_and_deleted(self, method: str, path: str, world: World):
        ada = browser(world.ada)
        world.ada.post("/api/v1/auth/logout")
        for value in (world.ada.key, "x", "cfs_x", world.ada.token, api_key_of(world.ada.user).token):
            ada.http.cookies[COOKIE] = value
            answer = ada.request(method, path)
            assert refused(answer) == SIGN_IN
            assert drops_cookie(answer)
        ada.http.cookies[COOKIE] = ""
        assert refused(ada.request(method, path)) == SIGN_IN

    def test_credential_in_the_query_string_is_refused(self, method: str, path: str, world: World):
        key, before = api_key_of(world.ada.user).token, database_digest()
        for name in ("access_token", "token", "api_key", "x-api-key", COOKIE):
            for credential in (key, world.ada.token, world.ada.key):
                answer = world.nobody.request(method, f"{path}?{name}={credential}")
                assert refused(answer) == SIGN_IN
                assert credential not in answer.content.decode()
        assert database_digest() == before


class TestSeveralCredentials:
    """The first credential decides; a valid second one does not replace an invalid first."""

    def test_api_key_header_wins_over_bearer_token(self, world: World):
        alans = by_header(api_key_of(world.alan.user).token or "")
        again(world, world.alan)
        assert data_of(world.ada.get(COUNT, **alans)) == {"count": 2}
        assert refused(world.ada.get(COUNT, **by_header("x"))) == WRONG_KEY
        assert data_of(world.ada.get(COUNT, **by_header("  "))) == {"count": 1}

    def test_bearer_token_wins_over_session_cookie(self, world: World):
        ada = browser(world.ada)
        ada.token = again(world, world.alan).token
        assert data_of(ada.get(SESSIONS))["currentToken"] != world.ada.session_id
        ada.token = "x"
        assert refused(ada.get(COUNT)) == WRONG_KEY


class TestInvalidCookie:
    """An invalid cookie is deleted by the 401 that it causes, and by no other response."""

    def test_is_deleted_with_its_tls_name_and_attributes(self, world: World, settings: Any):
        settings.SESSION_COOKIE_SECURE = True
        caller = Caller()
        caller.http.cookies["__Host-curfew_session"] = "cfs_x"
        answer = caller.get(COUNT, secure=True)
        assert refused(answer) == SIGN_IN
        morsel = answer.cookies["__Host-curfew_session"]
        assert (morsel.value, morsel["max-age"], morsel["secure"], morsel["path"]) == ("", 0, True, "/")

    def test_is_kept_when_another_credential_is_refused(self, world: World):
        caller = Caller()
        caller.http.cookies[COOKIE] = "cfs_x"
        for headers in ({"Authorization": "Bearer x"}, {"X-Api-Key": "x"}):
            answer = caller.get(COUNT, headers=headers)
            assert refused(answer) == WRONG_KEY
            assert not answer.cookies

    def test_is_kept_when_a_cross_site_change_is_refused(self, world: World):
        caller = Caller()
        caller.http.cookies[COOKIE] = "cfs_x"
        answer = caller.delete(SESSIONS, headers={"Origin": "https://evil.example"})
        assert refused(answer, 403)
        assert not answer.cookies

    def test_live_cookie_is_kept_whatever_error_is_returned(self, world: World, settings: Any):
        ada = browser(world.ada)
        settings.PANEL_RATE_LIMIT = 2
        answers = [ada.delete(f"{SESSIONS}/x"), ada.get(f"{SESSIONS}?page=0"), ada.get(COUNT)]
        assert [answer.status_code for answer in answers] == [404, 400, 429]
        assert not any(answer.cookies for answer in answers)
        assert not world.nobody.get(COUNT).cookies


class TestCrossSiteRequests:
    EVIL = ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"})
    OWN = ({}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"})

    @cells("headers", EVIL)
    def test_cross_site_change_with_cookie_is_refused_with_403(self, headers: dict[str, str], world: World):
        phone, ada = again(world, world.ada), browser(world.ada)
        before = database_digest()
        for path in (SESSIONS, f"{SESSIONS}/{phone.session_id}", f"{SESSIONS}?includeCurrent=true"):
            answer = ada.delete(path, headers=headers)
            assert refused(answer, 403) == "This was sent by a page of another site"
        assert database_digest() == before
        assert is_alive(phone)

    @cells("headers", OWN)
    def test_same_origin_change_with_cookie_is_accepted(self, headers: dict[str, str], world: World):
        phone, ada = again(world, world.ada), browser(world.ada)
        assert data_of(ada.delete(SESSIONS, headers=headers))["data"]["revoked"] == 1
        assert not is_alive(phone)

    @cells("headers", EVIL)
    def test_cross_site_read_is_answered_without_cors_header(self, headers: dict[str, str], world: World):
        answer = browser(world.ada).get(SESSIONS, headers=headers)
        assert data_of(answer)["currentToken"] == world.ada.session_id
        assert "Access-Control-Allow-Origin" not in answer.headers

    @cells("headers", EVIL)
    def test_cross_site_change_with_token_or_api_key_is_accepted(self, headers: dict[str, str], world: World):
        assert data_of(world.ada.delete(SESSIONS, headers=headers))["data"]["revoked"] == 0
        key = by_header(api_key_of(world.ada.user).token or "")["headers"]
        assert data_of(Caller().delete(SESSIONS, headers=headers | key))["data"]["revoked"] == 1


@cells("method", ["POST", "PUT", "PATCH", "OPTIONS", "TRACE", "FOO"])
@cells("path", [SESSIONS, COUNT, f"{SESSIONS}/x", f"{SESSIONS}/"])
def test_wrong_method_is_refused_with_401_before_405(path: str, method: str, world: World):
    assert refused(world.nobody.request(method, path)) == SIGN_IN
    answer = world.ada.request(method, path)
    assert refused(answer, 405) == "Method Not Allowed"
    assert answer["Allow"]


def test_errors_before_any_view_have_the_panels_body(world: World):
    assert refused(world.ada.get("/api/account/nowhere"), 404) == "Not Found"
    assert refused(world.ada.get(f"{COUNT}/"), 404) == "Not Found"
    too_large = world.nobody.request("DELETE", SESSIONS, CONTENT_LENGTH=str(2**40))
    assert refused(too_large, 413) == "The request body is larger than the server accepts"
    assert refused(world.ada.get(SESSIONS, HTTP_HOST="evil.example"), 400) == "The request could not be understood"
