"""Console pages show only what is in the admin's scope, whatever is requested."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from audit.models import AuditEntry
from sessions_app.models import Revocation, RevocationScope, SessionState
from sessions_app.operations import revoke_scope
from tenancy.models import Partner, Tenant
from tests.cells import cells
from tests.console.browser import KINDS, SESSIONS, Browser
from tests.resources import agent_of, application_of, group_of, identity_provider_of
from tests.world import SYSTEM, World

Mine = Callable[[World], Any]

THINGS: dict[str, Mine] = {
    "sessions": lambda world: world.lisa.session,
    "revocations": lambda world: Revocation.objects.get(reach=RevocationScope.TENANT, target_id=world.springfield.pk),
    "partners": lambda world: world.globex,
    "tenants": lambda world: world.springfield,
    "users": lambda world: world.lisa.user,
    "groups": lambda world: Group.objects.filter(tenant=world.springfield).first(),
    "applications": lambda world: Application.objects.get(tenant=world.springfield),
    "identity-providers": lambda world: IdentityProvider.objects.get(tenant=world.springfield),
    "agents": lambda world: Agent.objects.get(tenant=world.springfield),
    "record": lambda world: AuditEntry.objects.filter(tenant_id=world.springfield.pk).first(),
}
each_kind = pytest.mark.parametrize("kind", THINGS)
STRANGERS = ("north_admin", "acme_partner")
DJANGOS_ACTS = ("change", "delete", "history", "password")
LOOKUPS = [
    {"tenant__id": "x"},
    {"tenant__slug": "springfield"},
    {"user__password__startswith": "argon2"},
    {"pk__in": "1,2"},
    {"o": "1.-2.password"},
    {"p": "99"},
    {"all": ""},
    {"e": "1"},
    {"_facets": "1"},
    {"after": "' OR 1=1"},
    {"q": "\0'\"%_\\"},
]


def furnished(world: World) -> World:
    """With something of every kind in springfield, and all of it called foreign."""
    revoke_scope(RevocationScope.TENANT, world.springfield.pk, actor=SYSTEM, reason="a foreign reason")
    lisa = world.lisa.user
    for made in (group_of, identity_provider_of, application_of, agent_of):
        thing = made(lisa, world)
        type(thing).objects.filter(pk=thing.pk).update(name=f"Foreign {type(thing).__name__}")
    User.objects.filter(pk=lisa.pk).update(display_name="Foreign Lisa")
    return world


@pytest.fixture
def springfield(world: World) -> World:
    return furnished(world)


def test_every_kind_of_page_is_tested():
    assert set(THINGS) == set(KINDS)


@each_kind
class TestForeignObject:
    @pytest.mark.parametrize("who", STRANGERS)
    def test_is_in_no_list_and_its_page_is_404(self, kind: str, who: str, springfield: World):
        thing = THINGS[kind](springfield)
        browser = Browser(getattr(springfield, who))
        for asked in ("", "Foreign", "springfield", thing.handle):
            text = browser.open(f"/console/{kind}/", q=asked, state="any").replace(f"“{asked}”", "")
            for word in ("Foreign", "@springfield", thing.handle):
                assert word not in text
            assert f"/{thing.handle}/" not in browser.html
        browser.open(f"/console/{kind}/{thing.handle}/")
        assert browser.status == 404

    @pytest.mark.parametrize("who", ["super_admin", "globex_partner"])
    def test_is_visible_to_admins_above_it(self, kind: str, who: str, springfield: World):
        if kind == "partners" and who == "globex_partner":
            pytest.skip("partners are the platform's own business")
        thing = THINGS[kind](springfield)
        browser = Browser(getattr(springfield, who))
        browser.open(f"/console/{kind}/", **({"state": "any"} if kind == "sessions" else {}))
        assert thing.handle in browser.html
        browser.open(f"/console/{kind}/{thing.handle}/")
        assert browser.status == 200

    def test_is_not_found_by_admin_lookup_parameters(self, kind: str, springfield: World):
        browser = Browser(springfield.north_admin)
        for lookup in LOOKUPS:
            browser.open(f"/console/{kind}/", **lookup)
            assert browser.status == (403 if kind == "partners" else 200)
            assert "Foreign" not in browser.text

    def test_django_admins_own_views_are_404(self, kind: str, springfield: World):
        browser = Browser(springfield.super_admin)
        handle = THINGS[kind](springfield).handle
        for more in ("add/", "autocomplete/", "search/", *(f"{handle}/{act}/" for act in DJANGOS_ACTS)):
            browser.open(f"/console/{kind}/{more}")
            assert browser.status == 404, more

    @pytest.mark.parametrize("where", ["", "{}/"])
    def test_forged_changelist_form_changes_nothing(self, kind: str, where: str, springfield: World):
        thing = THINGS[kind](springfield)
        before = type(thing).objects.filter(pk=thing.pk).values().get()
        browser = Browser(springfield.super_admin)
        browser.open("/console/")
        forged = {"action": "delete_selected", "_selected_action": str(thing.pk), "form-TOTAL_FORMS": "1"}
        forged |= {"form-INITIAL_FORMS": "1", "form-0-id": str(thing.pk), "form-0-status": "SUSPENDED", "_save": "1"}
        browser.send(f"/console/{kind}/{where.format(thing.handle)}", **forged)
        assert browser.status == 405
        assert type(thing).objects.filter(pk=thing.pk).values().get() == before

    def test_popup_parameters_are_ignored(self, kind: str, springfield: World):
        browser = Browser(springfield.super_admin)
        handle = THINGS[kind](springfield).handle
        for where in ("", f"{handle}/"):
            for popup in ("_popup=1&_to_field=password", "_to_field=password", "_popup=1"):
                browser.open(f"/console/{kind}/{where}?{popup}")
                assert browser.status == 400


@cells("path", ["autocomplete/", "r/1/1/", "password_change/", "login/", "search/?s=foreign", "auth/"])
def test_django_admins_site_views_are_404(path: str, world: World):
    browser = Browser(world.super_admin)
    browser.open(f"/console/{path}")
    assert browser.status == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"tenant": "springfield"}, "No tenant springfield found"),
        ({"partner": "globex"}, "No partner globex found"),
        ({"user": "lisa@springfield.example"}, "No user lisa@springfield.example found"),
    ],
)
@pytest.mark.parametrize("who", STRANGERS)
def test_name_out_of_scope_is_unknown(asked: dict[str, str], said: str, who: str, springfield: World):
    browser = Browser(getattr(springfield, who))
    for path in (SESSIONS, "/console/sessions/end/"):
        assert said in browser.open(path, **asked)


class TestRelatedObjects:
    def test_audit_panel_shows_entries_in_the_admins_scope_only(self, world: World):
        """A platform-wide application is visible to everyone, but not who uses it in other tenants."""
        world.make_service("shared", [])
        shared = Application.objects.get(client_id="shared")
        accounts.change_client(shared, actor=SYSTEM, name="Renamed by the platform")
        browser = Browser(world.north_admin)
        text = browser.open(f"/console/applications/{shared.handle}/")
        assert browser.status == 200
        assert "application.updated" not in text
        assert "application.updated" in Browser(world.super_admin).open(f"/console/applications/{shared.handle}/")

    @cells("reach", [RevocationScope.PLATFORM, RevocationScope.USER])
    def test_link_is_shown_only_to_admins_who_may_follow_it(self, reach: RevocationScope, world: World):
        """Admins see what revoked a session of theirs even if the revocation's scope was wider than theirs."""
        ada = world.ada.session
        target_id = world.ada.user.pk if reach is RevocationScope.USER else None
        act = revoke_scope(reach, target_id, actor=SYSTEM, reason="a bad night").revocation
        browser = Browser(world.signed_in(world.person("later", world.north, Role.TENANT_ADMIN)))
        assert act.handle in browser.open(f"{SESSIONS}{ada.handle}/")
        is_linked = f"/console/revocations/{act.handle}/" in browser.html
        browser.open(f"/console/revocations/{act.handle}/")
        assert (is_linked, browser.status) == ((True, 200) if reach is RevocationScope.USER else (False, 404))

    def test_staff_tenant_is_404(self, world: World):
        staff = Tenant.objects.get(partner=world.acme, kind=Tenant.Kind.PARTNER_STAFF)
        browser = Browser(world.super_admin)
        browser.open(f"/console/tenants/{staff.handle}/")
        assert browser.status == 404


@pytest.mark.parametrize("who", ["north_admin", "acme_partner", "super_admin"])
def test_overview_counts_the_admins_scope(who: str, springfield: World):
    caller = getattr(springfield, who)
    browser = Browser(caller)
    text = browser.open("/console/")
    live = SessionState.objects.live().visible_to(principal(caller)).count()
    assert f"{live} active session" in text
    assert SessionState.objects.live().filter(tenant=springfield.springfield).exists()
    assert (springfield.springfield.handle in browser.html) == (who == "super_admin")


def principal(caller: Any) -> Any:
    return accounts.sign_in.as_principal(caller.user, SYSTEM.origin)


def test_partners_are_403_below_super_admin(world: World):
    assert Partner.objects.count() == 2
    browser = Browser(world.acme_partner)
    assert ">Partners<" not in browser.open("/console/") + browser.html
    browser.open("/console/partners/")
    assert browser.status == 403
