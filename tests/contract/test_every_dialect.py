"""Behaviour that all dialects share: unexpected errors, leaked credentials, cookies, cacheability."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import OperationalError

from accounts.models import Role
from audit.models import AuditEntry
from core.ids import uuid7
from sessions_app.models import Session
from tests.cells import cells
from tests.contract.v1.answers import LOGIN, ME, data_of
from tests.servers import Servers
from tests.world import PASSWORD, Caller, World

EDGE = "/edge/management/v1"
COOKIE = "curfew_session"
PANEL, TOKENS = "/api/account/sessions", "/api/admin/tokens/sessions"
FACES = ["/api/v1/me", f"{PANEL}/count", TOKENS, f"{EDGE}/version", "/account/sign-in/", "/healthz", "/nowhere"]


def browser(caller: Caller) -> Caller:
    """The same session, in a browser's cookie."""
    found = Caller()
    found.http.cookies[COOKIE] = caller.key
    return found


@cells("path", FACES)
@cells("charset", ["hex", "zip", "idna", "undefined", "utf-16", "utf-8", '"utf-8"', "no-such-thing"])
def test_body_of_any_charset_is_answered_without_a_500(path: str, charset: str, servers: Servers):
    """Django uses the declared charset for the query string too, before authentication."""
    headers = {"Content-Type": f"application/json; charset={charset}"}
    for query in ("x=%e4", "&".join("x=1" for _ in range(1_001))):
        answer = requests.get(f"{servers.urls[0]}{path}?{query}", headers=headers, timeout=10)
        assert answer.status_code < 500
        assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", [PANEL, TOKENS, f"{EDGE}/api-sessions", f"{EDGE}/current-api-session", ME])
def test_unavailable_database_is_503_with_retry_after(path: str, monkeypatch: pytest.MonkeyPatch, world: World):
    key = world.super_admin.key

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError

    monkeypatch.setattr("sessions_app.api.authentication.check_session_key", away)
    header = "zt-session" if path.startswith(EDGE) else "Authorization"
    shown = key if path.startswith(EDGE) else f"Bearer {key}"
    caller = browser(world.super_admin) if path == PANEL else Caller()
    answer = caller.get(path, headers={} if path == PANEL else {header: shown})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", ["/account/sessions/", "/account/sign-in/", "/reset-password"])
def test_unavailable_database_is_a_readable_page(path: str, monkeypatch: pytest.MonkeyPatch, world: World):
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError

    for name in (
        "sessions_app.api.authentication.check_session_key",
        "sessions_app.operations.sign_in",
        "accounts.operations.reset_password",
    ):
        monkeypatch.setattr(name, away)
    ada = browser(world.ada)
    form = {"email": "a@b.example", "password": "x", "code": "x", "new_password": "long enough now"}
    answer = ada.http.get(path) if path == "/account/sessions/" else ada.http.post(path, form)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Temporarily unavailable" in answer.content.decode()


@cells("path", [f"{EDGE}/api-sessions/", f"{PANEL}/", f"{TOKENS}/", "/api/v1/admin/sessions/"])
def test_credential_in_a_path_is_not_recorded(path: str, world: World):
    ada = world.ada
    for secret in (ada.key, ada.token, ada.refresh_token):
        ada.delete(f"{path}{secret}")
        world.service().delete(f"{path}{secret}")
        assert not AuditEntry.objects.filter(changes__path__contains=str(secret)[:60]).exists()
    if path != f"{TOKENS}/":
        assert AuditEntry.objects.filter(action="access.denied", changes__path__contains=f"{path}cfs_...").exists()


class TestSessionCookie:
    @cells("path", [PANEL, TOKENS])
    def test_cookie_is_accepted_beside_foreign_basic_credentials(self, path: str, world: World):
        """A proxy in front may require a password of its own."""
        answer = browser(world.super_admin).get(path, headers={"Authorization": "Basic eDp5"})
        assert answer.status_code == 200

    @cells("path", [PANEL, TOKENS])
    def test_cookie_does_not_replace_a_wrong_token(self, path: str, world: World):
        answer = browser(world.super_admin).get(path, headers={"Authorization": "Bearer x"})
        assert answer.status_code == 401

    def test_session_key_is_accepted_by_the_panel_as_a_cookie_only(self, world: World):
        assert browser(world.ada).get(PANEL).status_code == 200
        for headers in ({"Authorization": f"Bearer {world.ada.key}"}, {"x-api-key": world.ada.key}):
            answer = Caller().get(PANEL, headers=headers)
            assert (answer.status_code, answer.json()["message"]) == (401, "Invalid API key")

    @cells("header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
    def test_cookie_is_not_set_for_a_cross_site_sign_in(self, header: dict[str, str], world: World):
        body = {"email": world.ada.user.email, "password": PASSWORD}
        before = Session.objects.count()
        answer = world.nobody.post(LOGIN, body | {"session_cookie": True}, headers=header)
        assert (answer.status_code, len(answer.cookies), Session.objects.count()) == (403, 0, before)
        data_of(world.nobody.post(LOGIN, body, headers=header))

    def test_cookie_of_another_session_is_kept_at_sign_out(self, world: World):
        ada, other = world.ada, world.signed_in(world.ada.user)
        ada.http.cookies[COOKIE] = other.key
        answer = ada.post("/api/v1/auth/logout")
        assert (answer.status_code, COOKIE in answer.cookies) == (204, False)
        assert browser(other).get(PANEL).status_code == 200


class TestEdge:
    def test_revoked_session_has_no_expiry_header(self, world: World):
        boss = world.north_admin
        assert "expires-at" in boss.get(f"{EDGE}/api-sessions").headers
        answer = boss.delete(f"{EDGE}/api-sessions/{boss.session_id}")
        assert (answer.status_code, "expires-at" in answer.headers) == (200, False)
        boss = world.signed_in(boss.user)
        answer = boss.delete(f"{EDGE}/current-api-session")
        assert (answer.status_code, "expires-at" in answer.headers) == (200, False)

    def test_concurrent_lists_of_one_caller_are_limited(self, monkeypatch: pytest.MonkeyPatch, world: World):
        monkeypatch.setattr("core.api.throttling._running", {world.north_admin.user.handle: 4, "somebody else": 4})
        answer = world.north_admin.get(f"{EDGE}/api-sessions")
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert answer["Retry-After"] == "1"

    def test_finished_list_frees_its_slot(self, world: World):
        for _ in range(6):
            for query in ("", "?filter=id%20contains%20%22x%22", "?limit=-1", "?filter=nonsense%20%3D%201"):
                assert world.north_admin.get(f"{EDGE}/api-sessions{query}").status_code in (200, 400)

    def test_unpaged_list_that_is_too_long_is_refused_before_reading(
        self, monkeypatch: pytest.MonkeyPatch, world: World
    ):
        monkeypatch.setattr("sessions_app.api.edge.wire.pages.MAX_UNLIMITED", 4)
        boss = world.north_admin
        for _ in range(2):
            world.signed_in(world.ada.user)
        assert boss.get(f"{EDGE}/api-sessions?limit=-1").status_code == 200
        world.signed_in(world.person("boss", world.north, Role.TENANT_ADMIN))
        answer = boss.get(f"{EDGE}/api-sessions?limit=-1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PAGINATION")
        assert boss.get(f"{EDGE}/api-sessions?filter=limit%20none").status_code == 400
        assert boss.get(f"{EDGE}/api-sessions?limit=-1&offset=1").status_code == 200


def test_admin_tokens_responses_are_never_cacheable(world: World):
    for path in ("/api/admin/nowhere", "/api/cron/nowhere", TOKENS):
        answer = world.nobody.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert (answer["Pragma"], answer["Expires"]) == ("no-cache", "0")


def test_cleanup_deletes_expired_sessions_never_marked_by_a_worker(world: World):
    old = Session.objects.get(pk=world.super_admin.session.pk)
    Session.objects.filter(pk=old.pk).delete()
    opened = old.created_at - timedelta(days=200)
    old.pk, old.created_at, old.last_activity_at = uuid7(int(opened.timestamp() * 1000)), opened, opened
    old.expires_at = old.due_at = opened + timedelta(days=30)
    old.save(force_insert=True)
    answer = Caller(settings.CRON_SECRET).get("/api/cron/cleanup-admin-sessions")
    assert answer.json() == {"ok": True, "deleted": 1}
