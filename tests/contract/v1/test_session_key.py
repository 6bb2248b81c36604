"""The session key: set as a cookie when a browser signs in, valid as long as its session."""

import base64
from typing import Any

from accounts.models import User
from core.models import Status
from sessions_app.models import Session
from tests.architecture.test_sql_counts import counted
from tests.cells import cells
from tests.contract.v1.answers import LOGIN, ME, NOT_AUTHENTICATED, data_of, refused
from tests.world import PASSWORD, Caller, World

COOKIE = "curfew_session"
REFRESH, LOGOUT = "/api/v1/auth/refresh", "/api/v1/auth/logout"


def sign_in(world: World, path: str = LOGIN, **more: Any) -> Any:
    return world.nobody.post(
        path, {"email": world.ada.user.email, "password": PASSWORD, "session_cookie": True, **more}
    )


def with_key(answer: Any) -> Caller:
    return Caller(answer.cookies[COOKIE].value)


class TestSessionCookie:
    @cells("asked", [{"session_cookie": False}, {}])
    def test_is_set_only_on_request(self, asked: dict[str, Any], world: World):
        answer = world.nobody.post(LOGIN, {"email": world.ada.user.email, "password": PASSWORD, **asked})
        data_of(answer)
        assert not answer.cookies
        assert Session.objects.latest("pk").key_digest is None

    @cells("path", [LOGIN, "/api/v1/auth/tenants/north/login"])
    def test_is_http_only_and_same_site_lax(self, path: str, world: World):
        cookie = sign_in(world, path).cookies[COOKIE]
        assert {name: value for name, value in cookie.items() if value} == {
            "expires": cookie["expires"],
            "path": "/",
            "max-age": 30 * 24 * 3600,
            "httponly": True,
            "samesite": "Lax",
        }

    def test_has_the_host_prefix_over_tls(self, settings: Any, world: World):
        settings.SESSION_COOKIE_SECURE = True
        cookie = sign_in(world).cookies[f"__Host-{COOKIE}"]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")

    @cells("odd", ["yes", 1, None, [True]])
    def test_session_cookie_field_must_be_a_boolean(self, odd: Any, world: World):
        assert sign_in(world, session_cookie=odd).status_code == 422

    def test_is_not_set_by_a_failed_sign_in(self, world: World):
        answer = sign_in(world, password="wrong")
        assert (answer.status_code, len(answer.cookies)) == (401, 0)

    def test_is_refused_by_v1(self, world: World):
        browser = Caller()
        browser.http.cookies[COOKIE] = sign_in(world).cookies[COOKIE].value
        assert refused(browser.get(ME)) == NOT_AUTHENTICATED

    def test_is_deleted_at_sign_out(self, world: World):
        answer = sign_in(world)
        browser = Caller(data_of(answer)["access_token"])
        browser.http.cookies[COOKIE] = answer.cookies[COOKIE].value
        dropped = browser.post(LOGOUT).cookies[COOKIE]
        assert (dropped.value, dropped["max-age"], dropped["path"]) == ("", 0, "/")


class TestSessionKey:
    def test_is_accepted_like_the_access_token_of_its_session(self, world: World):
        answer = sign_in(world)
        signed_in = data_of(answer)
        with counted() as statements:
            me = data_of(with_key(answer).get(ME))
        assert me["session"]["id"] == signed_in["session_id"]
        assert me == data_of(Caller(signed_in["access_token"]).get(ME))
        assert len(statements) == 3

    def test_is_stored_as_a_digest_only(self, world: World):
        key = with_key(sign_in(world)).token
        session = Session.objects.latest("pk")
        assert key
        assert key.startswith("cfs_")
        assert len(bytes(session.key_digest)) == 32
        assert base64.urlsafe_b64decode(key[4:] + "==")[16:] not in bytes(session.key_digest)

    def test_survives_a_refresh_but_not_the_session(self, world: World):
        answer = sign_in(world)
        caller, refresh_token = with_key(answer), data_of(answer)["refresh_token"]
        data_of(world.nobody.post(REFRESH, {"refresh_token": refresh_token}))
        data_of(caller.get(ME))
        assert caller.post(LOGOUT).status_code == 204
        assert refused(caller.get(ME)) == NOT_AUTHENTICATED

    def test_is_refused_after_every_way_of_revoking_its_session(self, world: World):
        for end in (
            lambda: world.ada.post("/api/v1/me/sessions/revoke-all", {"except_current": True}),
            lambda: world.north_admin.post("/api/v1/tenants/" + world.north.handle + "/sessions/revoke-all", {}),
            lambda: User.objects.filter(pk=world.ada.user.pk).update(status=Status.SUSPENDED),
        ):
            caller = with_key(sign_in(world))
            data_of(caller.get(ME))
            end()
            assert refused(caller.get(ME)) == NOT_AUTHENTICATED

    def test_does_not_open_another_session(self, world: World):
        mine, other = (base64.urlsafe_b64decode(with_key(sign_in(world)).token[4:] + "==") for _ in range(2))
        for mixed in (mine[:16] + other[16:], other[:16] + mine[16:], bytes(16) + mine[16:], mine[:16] + bytes(32)):
            caller = Caller("cfs_" + base64.urlsafe_b64encode(mixed).decode().rstrip("="))
            assert refused(caller.get(ME)) == NOT_AUTHENTICATED

    @cells("odd", ["cfs_", "cfs_x", "cfs_" + "A" * 63, "cfs_" + "A" * 65, "cfs_" + "*" * 64, "cfs_é"])
    def test_malformed_key_is_401(self, odd: str, world: World):
        assert refused(Caller(odd).get(ME)) == NOT_AUTHENTICATED

    def test_session_without_a_key_is_not_opened_by_an_empty_one(self, world: World):
        data_of(world.nobody.post(LOGIN, {"email": world.ada.user.email, "password": PASSWORD}))
        session = Session.objects.latest("pk")
        for secret in (b"", bytes(32)):
            text = base64.urlsafe_b64encode(session.pk.bytes + secret).decode().rstrip("=")
            assert refused(Caller(f"cfs_{text}").get(ME)) == NOT_AUTHENTICATED
