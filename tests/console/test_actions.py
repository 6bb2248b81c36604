"""Console actions: suspend and reactivate, reset passwords, disable MFA."""

import re
from typing import Any

import pytest

from accounts.models import Agent, Application, IdentityProvider, PasswordReset, TotpDevice, User
from audit.models import AuditEntry
from core.models import Status
from sessions_app.models import SessionState
from tenancy.models import Partner, Tenant
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.console.browser import SIGN_IN, Browser
from tests.contract.v1.authenticator import App, Clock
from tests.resources import agent_of, application_of, identity_provider_of
from tests.world import World
from web.console.actions import ACTIONS

THINGS: dict[type, tuple[str, Any]] = {
    Partner: ("partners", lambda world: world.acme),
    Tenant: ("tenants", lambda world: world.north),
    User: ("users", lambda world: world.ada.user),
    Application: ("applications", lambda world: application_of(world.ada.user, world)),
    IdentityProvider: ("identity-providers", lambda world: identity_provider_of(world.ada.user, world)),
    Agent: ("agents", lambda world: agent_of(world.ada.user, world)),
}
each_kind = pytest.mark.parametrize("kind", THINGS, ids=lambda kind: kind.__name__)
PEOPLES = ("reset-password", "remove-second-factor")


def page_of(kind: type, world: World) -> tuple[str, Any]:
    slug, of = THINGS[kind]
    thing = of(world)
    return f"/console/{slug}/{thing.handle}/", thing


def do(browser: Browser, page: str, act: str, **form: str) -> str:
    browser.open(f"{page}{act}/")
    return browser.send(f"{page}{act}/", **{**hidden(browser), **form})


def hidden(browser: Browser) -> dict[str, str]:
    """What its form sends along."""
    return dict(re.findall(r'<input type="hidden" name="(version|at_most)" value="([^"]*)">', browser.html))


@each_kind
def test_suspension_mentions_sessions_only_where_they_end(kind: type, world: World):
    page, _ = page_of(kind, world)
    browser = Browser(world.super_admin)
    browser.open(f"{page}suspend/")
    assert ("Revoked sessions" in browser.text) == (kind not in (IdentityProvider, Agent))


def test_every_kind_that_can_be_suspended_is_tested():
    assert THINGS.keys() == {kind for kind, acts in ACTIONS.items() if "suspend" in {act.name for act in acts}}


@each_kind
class TestSuspension:
    def test_object_is_suspended_and_reactivated(self, kind: type, world: World):
        page, thing = page_of(kind, world)
        browser = Browser(world.super_admin)
        assert "Suspend…" in browser.open(page)
        assert "Suspended." in do(browser, page, "suspend")
        thing.refresh_from_db()
        assert thing.status == Status.SUSPENDED
        assert "Suspend…" not in browser.text
        assert "Reactivated." in do(browser, page, "reactivate")
        thing.refresh_from_db()
        assert thing.status == Status.ACTIVE
        actions = AuditEntry.objects.filter(resource_id=thing.handle).order_by("-pk").values_list("action", "actor_id")
        name = kind.__name__.replace("IdentityP", "identity_p").lower()
        ours = world.super_admin.user.handle
        assert list(actions)[:2] == [(f"{name}.reactivated", ours), (f"{name}.suspended", ours)]

    @pytest.mark.parametrize("who", ["springfield_admin", "globex_partner"])
    def test_object_out_of_scope_is_404(self, kind: type, who: str, world: World):
        page, thing = page_of(kind, world)
        browser = Browser(getattr(world, who))
        browser.open("/console/")
        browser.send(f"{page}suspend/", version=thing.version)
        assert browser.status == 404
        thing.refresh_from_db()
        assert thing.status == Status.ACTIVE

    def test_missing_csrf_token_is_403(self, kind: type, world: World):
        page, thing = page_of(kind, world)
        browser = Browser(world.super_admin)
        assert browser.http.post(f"{page}suspend/", {"version": thing.version}).status_code == 403
        thing.refresh_from_db()
        assert thing.status == Status.ACTIVE

    def test_suspended_object_offers_no_second_suspension(self, kind: type, world: World):
        page, thing = page_of(kind, world)
        browser = Browser(world.super_admin)
        form = {"version": thing.version}
        do(browser, page, "suspend")
        before = AuditEntry.objects.count()
        assert "No change needed" in browser.open(f"{page}suspend/")
        assert "No change needed" in browser.send(f"{page}suspend/", **form)
        assert (browser.status, browser.at) == (200, page)
        assert AuditEntry.objects.count() == before

    def test_stale_version_is_412_and_changes_nothing(self, kind: type, world: World):
        page, thing = page_of(kind, world)
        browser = Browser(world.super_admin)
        do(browser, page, "suspend", version="0")
        assert browser.status == 412
        thing.refresh_from_db()
        assert thing.status == Status.ACTIVE


@cells(
    ("who", "kind"),
    [("north_admin", Tenant), ("acme_partner", Tenant)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_read_only_admin_has_no_form_and_gets_403(who: str, kind: type, world: World):
    page, thing = page_of(kind, world)
    browser = Browser(getattr(world, who))
    assert "Suspend" not in browser.open(page)
    browser.open(f"{page}suspend/")
    assert browser.status == 403
    browser.open("/console/")
    browser.send(f"{page}suspend/", version=thing.version)
    assert browser.status == 403
    thing.refresh_from_db()
    assert thing.status == Status.ACTIVE


def test_confirmation_page_shows_the_number_of_sessions(world: World):
    assert world.ada.session
    assert world.alan.session
    browser = Browser(world.super_admin)
    page, north = page_of(Tenant, world)
    text = browser.open(f"{page}suspend/")
    assert "2 sessions" in text
    assert "2 sessions revoked" in do(browser, page, "suspend")
    assert not SessionState.objects.live().filter(tenant=north).exists()


@pytest.mark.parametrize("act", ["suspend", "reset-password", "remove-second-factor", "remove"])
def test_action_is_confirmed_again_when_more_sessions_match(act: str, world: World, monkeypatch: pytest.MonkeyPatch):
    App.confirmed(world.ada, Clock.stopped(monkeypatch))
    ada = world.ada.user
    browser = Browser(world.north_admin)
    page = f"/console/users/{ada.handle}/{act}/"
    browser.open(page)
    form = hidden(browser)
    assert form["at_most"] == "1"
    world.signed_in(ada)
    before = database_digest()
    assert (
        "This would now revoke more sessions than you confirmed. Review the new number and confirm again."
        in browser.send(page, **form)
    )
    assert browser.status == 409
    assert "2 sessions" in browser.text
    assert database_digest() == before
    assert "2 sessions revoked" in browser.send(page, **hidden(browser))
    assert browser.status == 200


def test_missing_or_malformed_confirmation_is_409(world: World):
    assert world.ada.session
    browser = Browser(world.north_admin)
    for at_most in ("", "-1", "many", "9" * 20):
        do(browser, f"/console/users/{world.ada.user.handle}/", "suspend", at_most=at_most)
        assert browser.status == 409
    assert User.objects.get(pk=world.ada.user.pk).status == Status.ACTIVE


def test_suspending_oneself_leads_to_sign_in(world: World):
    admin = world.signed_in(world.person("second", world.super_admin.user.tenant, world.super_admin.user.role))
    assert world.super_admin.session
    browser = Browser(admin)
    do(browser, f"/console/users/{admin.user.handle}/", "suspend")
    assert browser.at == SIGN_IN


def test_last_active_super_admin_cannot_be_suspended(world: World):
    assert world.super_admin.session
    User.objects.filter(role="super_admin").exclude(pk=world.super_admin.user.pk).update(status=Status.SUSPENDED)
    browser = Browser(world.super_admin)
    assert "last active super admin" in do(browser, f"/console/users/{world.super_admin.user.handle}/", "suspend")
    assert browser.status == 409
    assert User.objects.get(pk=world.super_admin.user.pk).status == Status.ACTIVE


class TestUserActions:
    def test_password_reset_sends_mail_and_revokes_sessions(self, world: World):
        browser = Browser(world.north_admin)
        page = f"/console/users/{world.ada.user.handle}/"
        text = do(browser, page, "reset-password")
        assert "An e-mail with a reset code has been sent. 1 session revoked." in text
        assert PasswordReset.objects.filter(user=world.ada.user).count() == 1
        assert world.ada.get("/api/v1/me").status_code == 401

    def test_mfa_of_a_user_can_be_disabled(self, world: World, monkeypatch: pytest.MonkeyPatch):
        App.confirmed(world.ada, Clock.stopped(monkeypatch))
        browser = Browser(world.north_admin)
        page = f"/console/users/{world.ada.user.handle}/"
        assert "Disable MFA…" in browser.open(page)
        assert "MFA disabled." in do(browser, page, "remove-second-factor")
        assert not TotpDevice.objects.filter(user=world.ada.user).exists()
        assert "Disable MFA…" not in browser.open(page)

    @pytest.mark.parametrize("act", PEOPLES)
    def test_own_account_is_403(self, act: str, world: World, monkeypatch: pytest.MonkeyPatch):
        App.confirmed(world.north_admin, Clock.stopped(monkeypatch))
        browser = Browser(world.north_admin)
        browser.open(f"/console/users/{world.north_admin.user.handle}/{act}/")
        assert browser.status == 403

    @cells("act", [*PEOPLES, "suspend", "edit", "remove"])
    def test_user_of_an_equal_role_is_403_and_has_no_links(self, act: str, world: World):
        peer = world.person("peer", world.north, world.north_admin.user.role)
        browser = Browser(world.north_admin)
        browser.open(f"/console/users/{peer.handle}/")
        assert f"/{act}/" not in browser.html
        browser.open(f"/console/users/{peer.handle}/{act}/")
        assert browser.status == 403
