"""The account page: users list and revoke their own sessions with plain forms, without JavaScript."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts import operations as accounts
from audit.models import AuditEntry
from sessions_app.models import Session, SessionState
from tenancy import operations as tenancy
from tests.architecture.test_sql_counts import counted
from tests.cells import cells
from tests.contract.v1.answers import ME
from tests.contract.v1.authenticator import App, Clock
from tests.world import CHROME, PASSWORD, SYSTEM, Caller, World

SIGN_IN, SESSIONS, PASSWORD_PAGE = "/account/sign-in/", "/account/sessions/", "/account/password/"
COOKIE, NEW = "curfew_session", "an entirely new password"
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"


class Browser:
    def __init__(self, agent: str = CHROME) -> None:
        self.http = Client(headers={"User-Agent": agent})

    def open(self, path: str) -> str:
        """The page that a click leads to in the end."""
        return self.read(self.http.get(path, follow=True))

    def send(self, path: str, **form: str) -> str:
        return self.read(self.http.post(path, form, follow=True))

    def read(self, answer: Any) -> str:
        assert answer["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer["Cache-Control"] == "no-store"
        html = answer.content.decode()
        assert not re.search(r"<script|https?://|javascript:", html)
        self.status, self.at = answer.status_code, answer.request["PATH_INFO"]
        return unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL))

    def sign_in(self, user: Any, **more: str) -> str:
        return self.send(SIGN_IN, email=user.email, password=PASSWORD, **more)

    @property
    def key(self) -> Caller:
        return Caller(self.http.cookies[COOKIE].value)


@pytest.fixture
def laptop(world: World) -> Browser:
    browser = Browser()
    browser.sign_in(world.ada.user)
    return browser


@pytest.fixture
def phone(world: World) -> Browser:
    browser = Browser(FIREFOX)
    browser.sign_in(world.ada.user)
    return browser


def ending_of(browser: Browser) -> str:
    session = browser.key.get(ME).json()["data"]["session"]["id"]
    return f"{SESSIONS}{session}/end/"


class TestAccountSignIn:
    def test_sign_in_leads_to_the_session_list(self, world: World):
        browser = Browser()
        assert "Sign in" in browser.open(SESSIONS)
        assert browser.at == SIGN_IN
        assert "Where you are signed in" in browser.sign_in(world.ada.user)
        assert (browser.at, browser.status) == (SESSIONS, 200)

    def test_wrong_password_is_401_and_keeps_the_email(self, world: World):
        answer = Client().post(SIGN_IN, {"email": world.ada.user.email, "password": "canary-wrong"})
        html = answer.content.decode()
        assert answer.status_code == 401
        assert "Wrong e-mail, password, code or organization" in html
        assert f'value="{world.ada.user.email}"' in html
        assert "canary-wrong" not in html
        assert COOKIE not in answer.cookies

    def test_account_with_mfa_is_asked_for_a_code(self, monkeypatch: pytest.MonkeyPatch, world: World):
        app, browser = App.confirmed(world.ada, Clock.stopped(monkeypatch)), Browser()
        assert "has MFA" in browser.sign_in(world.ada.user)
        assert browser.status == 401
        code = app.code()
        for typed in (f"{code[:3]} {code[3:]}", app.recovery_codes[0]):
            browser.sign_in(world.ada.user, code=typed)
            assert (browser.at, browser.status) == (SESSIONS, 200)

    @cells(
        "form",
        [
            {},
            {"email": "\0", "password": "x"},
            {"email": "x", "password": "\0"},
            {"email": "x" * 300},
            {"tenant": "\0"},
        ],
    )
    def test_invalid_form_is_401_or_422(self, form: dict[str, str], world: World):
        browser = Browser()
        browser.send(SIGN_IN, **form)
        assert browser.status in (401, 422)

    def test_throttled_sign_in_is_429_with_retry_after(self, settings: Any, world: World):
        settings.SIGN_IN_FAILURES_PER_ACCOUNT = 2
        for _ in range(3):
            answer = Client().post(SIGN_IN, {"email": world.ada.user.email, "password": "wrong"})
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0


class TestAccountSessionList:
    def test_current_device_comes_first_and_others_are_described(self, laptop: Browser, phone: Browser, world: World):
        text = laptop.open(SESSIONS)
        assert text.index("This device") < text.index("Firefox Mobile on Android")
        assert "Chrome on Linux" in text
        assert "Last seen just now" in text
        assert "This machine" in text

    def test_names_devices_as_their_makers_do(self, laptop: Browser, world: World):
        Session.objects.filter(user=world.ada.user).update(browser="Chrome Mobile", os="Mac OS X")
        assert "Chrome on macOS" in laptop.open(SESSIONS)

    def test_contains_own_sessions_only(self, laptop: Browser, world: World):
        Browser(FIREFOX).sign_in(world.alan.user)
        assert "Firefox" not in laptop.open(SESSIONS)

    def test_has_the_tenants_branding(self, laptop: Browser, world: World):
        branding = {"product_name": "Northern </style><b>Lights", "primary_color": "#ffdd00"}
        tenancy.change_tenant(world.north, branding=branding, actor=SYSTEM)
        html = laptop.http.get(SESSIONS).content.decode()
        assert "background: #ffdd00; color: #000000" in html
        assert "Northern &lt;/style&gt;&lt;b&gt;Lights" in html

    def test_query_count_does_not_grow_with_sessions(self, laptop: Browser, world: World):
        costs = []
        for number in (0, 20):
            for _ in range(number):
                world.signed_in(world.ada.user)
            with counted() as statements:
                laptop.open(SESSIONS)
            costs.append(len(statements))
        assert costs == [3, 3]

    def test_says_when_it_is_cut_at_its_maximum_length(self, laptop: Browser, monkeypatch: Any, world: World):
        monkeypatch.setattr("web.account.account.MAX_SESSIONS", 2)
        for _ in range(3):
            world.signed_in(world.ada.user)
        assert "Only the newest sessions are shown" in laptop.open(SESSIONS)


class TestAccountRevoke:
    def test_revoking_a_session_signs_that_device_out_and_names_it(self, laptop: Browser, phone: Browser):
        assert phone.key.get(ME).status_code == 200
        text = laptop.send(ending_of(phone))
        assert "Firefox Mobile on Android has been signed out." in text
        assert laptop.at == SESSIONS
        assert phone.key.get(ME).status_code == 401
        assert "has been signed out" not in laptop.open(SESSIONS)

    def test_revoked_browser_is_sent_to_sign_in_on_next_request(self, laptop: Browser, phone: Browser):
        laptop.send(ending_of(phone))
        assert "Your session has ended" in phone.open(SESSIONS)
        assert phone.at == SIGN_IN
        assert phone.http.cookies[COOKIE].value == ""

    def test_second_revocation_says_already_signed_out(self, laptop: Browser, phone: Browser):
        path = ending_of(phone)
        laptop.send(path)
        assert "was already signed out" in laptop.send(path)

    def test_revoking_all_others_shows_their_number(self, laptop: Browser, phone: Browser, world: World):
        tokens = [phone.key, world.ada, world.signed_in(world.ada.user)]
        assert "Signed out everywhere else (3 sessions)." in laptop.send(f"{SESSIONS}end-others/")
        assert [caller.get(ME).status_code for caller in (*tokens, laptop.key)] == [401, 401, 401, 200]
        assert "Signed out everywhere else (0 sessions)." in laptop.send(f"{SESSIONS}end-others/")

    def test_not_me_revokes_and_asks_for_a_new_password(self, laptop: Browser, phone: Browser, world: World):
        text = laptop.send(ending_of(phone), not_me="1")
        assert laptop.at == PASSWORD_PAGE
        assert "may know your password" in text
        assert phone.key.get(ME).status_code == 401
        assert "too common" in laptop.send(PASSWORD_PAGE, current_password=PASSWORD, new_password="password")
        assert "not your current password" in laptop.send(PASSWORD_PAGE, current_password="wrong", new_password=NEW)
        text = laptop.send(PASSWORD_PAGE, current_password=PASSWORD, new_password=NEW)
        assert (laptop.at, "Password changed" in text) == (SESSIONS, True)
        credentials = {"email": world.ada.user.email, "password": NEW}
        assert world.nobody.post("/api/v1/auth/login", credentials).status_code == 200

    def test_sign_out_revokes_the_current_session(self, laptop: Browser):
        key = laptop.key
        assert "You are signed out." in laptop.send("/account/sign-out/")
        assert key.get(ME).status_code == 401

    def test_writes_exactly_one_audit_entry(self, laptop: Browser, phone: Browser, world: World):
        path = ending_of(phone)
        before = AuditEntry.objects.count()
        laptop.send(path)
        entry = AuditEntry.objects.latest("id")
        assert AuditEntry.objects.count() == before + 1
        assert (entry.action, entry.actor_id) == ("session.revoked", world.ada.user.handle)

    @pytest.mark.parametrize("named", ["alan", "x", "ses_", "nobody"])
    def test_foreign_or_unknown_session_revokes_nothing(self, named: str, laptop: Browser, world: World):
        handle = {"alan": world.alan.session_id}.get(named, named)
        before = AuditEntry.objects.count()
        assert "This session does not exist any more." in laptop.send(f"{SESSIONS}{handle}/end/")
        assert world.alan.get(ME).status_code == 200
        assert AuditEntry.objects.count() == before


class TestAccountCrossSiteRequests:
    FORMS = [SIGN_IN, "/account/sign-out/", f"{SESSIONS}end-others/", f"{SESSIONS}x/end/", PASSWORD_PAGE]

    @pytest.mark.parametrize("path", FORMS)
    @pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
    def test_cross_site_form_is_refused_and_changes_nothing(
        self, path: str, header: dict[str, str], laptop: Browser, phone: Browser, world: World
    ):
        before = SessionState.objects.live().count(), AuditEntry.objects.count()
        form = {"email": world.ada.user.email, "password": PASSWORD}
        answer = laptop.http.post(path, form, headers=header)
        assert (answer.status_code, COOKIE in answer.cookies) == (403, False)
        assert "Nothing was changed" in answer.content.decode()
        assert (SessionState.objects.live().count(), AuditEntry.objects.count()) == before

    @pytest.mark.parametrize("path", FORMS[1:4])
    def test_get_does_not_revoke(self, path: str, laptop: Browser):
        assert laptop.http.get(path).status_code == 405
        assert laptop.key.get(ME).status_code == 200

    def test_forged_message_cookie_is_ignored(self, laptop: Browser):
        laptop.http.cookies["curfew_said"] = "You have won"
        assert "You have won" not in laptop.open(SESSIONS)


def test_api_key_or_token_in_the_cookie_does_not_sign_in(world: World):
    key = accounts.create_api_key(world.ada.user, "laptop", actor=SYSTEM).secret
    for credential in (key, world.ada.token, world.ada.refresh_token):
        browser = Browser()
        browser.http.cookies[COOKIE] = str(credential)
        browser.open(SESSIONS)
        assert browser.at == SIGN_IN
