"""Who may use the console: sign-in, the end of a session, CSRF protection."""

import pytest
from django.conf import settings

from accounts.models import User
from audit.models import AuditEntry
from sessions_app.models import RevocationScope, Session, SessionState
from sessions_app.operations import revoke_scope
from tenancy.operations import suspend
from tests.architecture.routes import routes_of_the_console
from tests.cells import cells
from tests.console.browser import COOKIE, END, HOME, SESSIONS, SIGN_IN, SIGN_OUT, Browser
from tests.contract.v1.authenticator import App, Clock
from tests.world import PASSWORD, SYSTEM, World

ADMINISTRATORS = ["north_admin", "acme_partner", "super_admin"]


class TestConsoleSignIn:
    @cells("who", ADMINISTRATORS)
    def test_admins_of_every_role_can_sign_in(self, who: str, world: World):
        browser = Browser()
        assert "active session" in browser.sign_in(getattr(world, who).user)
        assert browser.at == HOME

    def test_session_is_listed_by_the_api(self, world: World):
        Browser(agent="Console/1.0").sign_in(world.north_admin.user)
        mine = world.north_admin.get("/api/v1/me/sessions").json()["data"]
        assert [each["user_agent"] for each in mine].count("Console/1.0") == 1

    def test_plain_user_is_403_and_gets_no_session(self, world: World):
        browser = Browser()
        before = Session.objects.for_user(world.ada.user.pk).count()
        assert "not an administrator" in browser.sign_in(world.ada.user)
        assert browser.status == 403
        assert COOKIE not in browser.http.cookies
        assert Session.objects.for_user(world.ada.user.pk).count() == before
        assert AuditEntry.objects.order_by("-pk").first().changes == {"reason": "TierTooLow"}

    def test_wrong_password_is_401(self, world: World):
        browser = Browser()
        browser.open(SIGN_IN)
        assert "Wrong e-mail, password, code or organization" in browser.send(
            SIGN_IN, email=world.north_admin.user.email, password="canary-wrong"
        )
        assert browser.status == 401
        assert "canary-wrong" not in browser.html

    def test_account_with_mfa_is_asked_for_a_code(self, world: World, monkeypatch: pytest.MonkeyPatch):
        clock = Clock.stopped(monkeypatch)
        app = App.confirmed(world.north_admin, clock)
        browser = Browser()
        assert "has MFA" in browser.sign_in(world.north_admin.user)
        assert "Wrong e-mail, password, code or organization" in browser.sign_in(
            world.north_admin.user, code=app.wrong_code()
        )
        assert "active session" in browser.sign_in(world.north_admin.user, code=app.code())

    def test_failures_are_throttled_together_with_the_api(self, world: World):
        email = world.north_admin.user.email
        browser = Browser()
        for _ in range(settings.SIGN_IN_FAILURES_PER_ACCOUNT - 1):
            browser.open(SIGN_IN)
            browser.send(SIGN_IN, email=email, password="wrong")
        wrong = {"email": email, "password": "wrong"}
        assert world.nobody.post("/api/v1/auth/login", wrong).status_code == 401
        assert "Too many failed sign-ins" in browser.sign_in(world.north_admin.user)
        assert browser.status == 429
        assert int(browser.answer["Retry-After"]) > 0

    def test_sign_in_returns_to_the_requested_page(self, world: World):
        browser = Browser()
        browser.open(f"{SESSIONS}?device=mobile")
        assert browser.at == SIGN_IN
        browser.send(SIGN_IN, email=world.north_admin.user.email, password=PASSWORD, next=f"{SESSIONS}?device=mobile")
        assert browser.at == SESSIONS

    @cells("elsewhere", ["https://evil.example/console/", "//evil.example/console/", "/account/"])
    def test_sign_in_never_redirects_outside_the_console(self, elsewhere: str, world: World):
        browser = Browser()
        browser.open(SIGN_IN)
        browser.send(SIGN_IN, email=world.north_admin.user.email, password=PASSWORD, next=elsewhere)
        assert browser.at == HOME


class TestConsoleAccess:
    def test_revoked_session_is_sent_to_sign_in_on_next_request(self, world: World):
        browser = Browser(world.north_admin)
        assert "active session" in browser.open(HOME)
        world.super_admin.delete(f"/api/v1/admin/sessions/{world.north_admin.session_id}")
        assert "Your session has ended, so your last action was not carried out" in browser.open(HOME)
        assert browser.at == SIGN_IN
        assert "has ended" not in browser.open(HOME)

    @cells("what", ["themselves", "their tenant", "their partner"])
    def test_suspension_of_admin_tenant_or_partner_ends_it(self, what: str, world: World):
        admin = world.north_admin.user
        things = {"themselves": admin, "their tenant": admin.tenant, "their partner": admin.tenant.partner}
        browser = Browser(world.north_admin)
        suspend(things[what], actor=SYSTEM)
        browser.open(HOME)
        assert browser.at == SIGN_IN

    def test_lost_admin_role_is_403(self, world: World):
        browser = Browser(world.north_admin)
        User.objects.filter(pk=world.north_admin.user.pk).update(role="user")
        assert "for administrators" in browser.open(HOME)
        assert browser.status == 403

    def test_sign_out_revokes_the_session(self, world: World):
        browser = Browser(world.north_admin)
        browser.open(HOME)
        browser.send(SIGN_OUT)
        assert browser.at == SIGN_IN
        assert world.north_admin.get("/api/v1/me").status_code == 401

    def test_plain_users_session_is_403(self, world: World):
        browser = Browser(world.ada)
        assert "for administrators" in browser.open(SESSIONS)
        assert browser.status == 403
        assert "Nothing was changed" not in browser.open(HOME)

    def test_console_cookie_is_refused_by_the_api(self, world: World):
        browser = Browser(world.super_admin)
        assert browser.http.get("/api/v1/admin/sessions").status_code == 401

    def test_bearer_token_is_refused_by_the_console(self, world: World):
        answer = world.super_admin.get(SESSIONS)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (303, SIGN_IN)


class TestConsoleForms:
    @cells("path", [SIGN_IN, SIGN_OUT, END])
    def test_missing_csrf_token_is_403(self, path: str, world: World):
        browser = Browser(world.super_admin)
        answer = browser.http.post(path, {"all": "on", "reason": "forged", "at_most": "9"})
        assert answer.status_code == 403
        assert "This form has expired or was sent from another website" in answer.content.decode()
        assert SessionState.objects.live().filter(pk=world.super_admin.session.pk).exists()

    @cells("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
    def test_cross_site_form_is_403_even_with_a_csrf_token(self, headers: dict[str, str], world: World):
        browser = Browser(world.super_admin)
        browser.open(END, all="on")
        form = {"csrfmiddlewaretoken": browser.token, "all": "on", "reason": "forged", "at_most": "99"}
        assert browser.http.post(END, form, headers=headers).status_code == 403
        assert SessionState.objects.live().filter(pk=world.super_admin.session.pk).exists()


ROUTES = [route.path for route in routes_of_the_console()]
WITH_A_HANDLE = "usr_01m7zrq67zeabvgnhd7kckf5m0"


@cells("path", ROUTES)
class TestEveryPage:
    def test_anonymous_visitor_is_sent_to_sign_in(self, path: str, world: World):
        where = path.replace("<str:handle>", WITH_A_HANDLE)
        for answer in (Browser().http.get(where), Browser().http.post(where, {"reason": "x"})):
            at_the_door = answer.status_code in (200, 403) if path == SIGN_IN else answer.status_code == 303
            assert at_the_door, answer.content

    def test_page_is_not_cached_or_framed(self, path: str, world: World):
        answer = Browser(world.super_admin).http.get(path.replace("<str:handle>", WITH_A_HANDLE))
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Frame-Options"] == "DENY"
        policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert policy.get("script-src", "'self' 'unsafe-eval'") == "'self' 'unsafe-eval'"


def test_platform_wide_revocation_ends_the_console_session(world: World):
    browser = Browser(world.super_admin)
    revoke_scope(RevocationScope.PLATFORM, None, actor=SYSTEM, reason="tests")
    browser.open(HOME)
    assert browser.at == SIGN_IN
