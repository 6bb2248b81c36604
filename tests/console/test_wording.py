"""The words of the console's lists, pages and forms."""

import re

from accounts.models import Role
from tenancy.models import Platform
from tests.cells import cells
from tests.console.browser import Browser
from tests.resources import agent_of, application_of, group_of, identity_provider_of
from tests.world import World

DAY = 86_400


def test_list_and_page_and_form_show_the_same_label_of_a_role(world: World):
    browser, user = Browser(world.super_admin), world.north_admin.user
    for path in ("", f"{user.handle}/", "new/"):
        browser.open(f"/console/users/{path}")
        assert "Tenant admin" in browser.text
    assert f'<option value="{Role.TENANT_ADMIN}">Tenant admin</option>' in browser.html


def test_list_and_page_and_form_show_the_same_label_of_a_group_type(world: World):
    browser, group = Browser(world.super_admin), group_of(world.ada.user, world)
    for path in ("", f"{group.handle}/", f"{group.handle}/edit/"):
        browser.open(f"/console/groups/{path}")
        assert "Security" in browser.text
        assert "SECURITY<" not in browser.html


def test_headings_are_spelled_alike(world: World):
    assert application_of(world.ada.user, world)
    assert agent_of(world.ada.user, world)
    assert identity_provider_of(world.ada.user, world)
    browser = Browser(world.super_admin)
    assert "E-mail" in browser.open("/console/users/")
    assert "Client ID" in browser.open("/console/applications/")
    assert "Client ID" in browser.open("/console/agents/")
    assert "OIDC" in browser.open("/console/identity-providers/")
    assert "Contact e-mail" in browser.open("/console/tenants/new/")


def test_form_names_what_can_be_typed(world: World):
    browser = Browser(world.super_admin)
    browser.open("/console/agents/new/")
    assert "Required. Type a name, a slug or an ID." in browser.text
    assert "unless you administer" not in browser.text
    assert "Default: the user who creates it. Type an e-mail address or an ID." in browser.text
    browser.open(f"/console/agents/{agent_of(world.ada.user, world).handle}/edit/")
    assert "the user who creates it" not in browser.text


def test_invalid_address_is_explained_in_the_consoles_spelling(world: World):
    browser = Browser(world.north_admin)
    browser.open("/console/users/new/")
    browser.send("/console/users/new/", email="nonsense")
    assert "Enter a valid e-mail address." in browser.text


def test_partner_with_tenants_shows_only_what_prevents_its_deletion(world: World):
    browser = Browser(world.super_admin)
    browser.open(f"/console/partners/{world.acme.handle}/remove/")
    assert "tenant" in browser.text
    assert "cannot be undone" not in browser.text
    assert (
        "session" not in re.sub(r"(?s)<nav.*?</nav>", "", browser.html[browser.html.index("console-wrong") :]).lower()
    )


@cells(("who", "is_linked"), [("super_admin", True), ("acme_partner", False)])
def test_partner_of_a_tenant_is_a_link_for_those_who_see_partners(who: str, is_linked: bool, world: World):
    browser = Browser(getattr(world, who))
    browser.open(f"/console/tenants/{world.north.handle}/")
    assert (f'href="/console/partners/{world.acme.handle}/"' in browser.html) == is_linked


def test_tenant_shows_the_session_policy_in_effect(world: World):
    Platform.objects.update(session_lifetime=30 * DAY, idle_timeout=7 * DAY, max_sessions=None)
    world.acme.idle_timeout, world.north.session_lifetime, world.north.max_sessions = 2 * DAY, 60 * DAY, 5
    world.acme.save()
    world.north.save()
    browser = Browser(world.super_admin)
    browser.open(f"/console/tenants/{world.north.handle}/")
    for text in ("30 days, from the platform", "2 days, from the partner", "at most 5"):
        assert text in browser.text
    assert "inherited" not in browser.text


def test_user_without_access_is_led_to_their_sessions(world: World):
    browser = Browser(world.ada)
    browser.open("/console/")
    assert browser.status == 403
    assert 'href="/account/sessions/"' in browser.html
    assert "Back to the console" not in browser.html
