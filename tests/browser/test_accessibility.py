"""Every page there is, by day and by night: axe finds no serious fault on it, and a telephone shows all its width."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from config.console.acts import acts_on
from tests.architecture.routes import PAGES, routes_of_the_console
from tests.browser.conftest import Visit
from tests.browser.visiting import FIREFOX, PHONE, Visitor
from tests.console.test_scope import THINGS, furnished, principal
from tests.world import Caller, World

GRAVE = {"critical", "serious"}
SCHEMES = ["light", "dark"]
NO_PAGES = {"/console/", "/console/sign-out/", "/console/jsi18n/"}  # the first stands for all that is not there
# Beside each route's plain page: filled in, refused, empty and wrong.
MORE = [
    "/console/",
    "/console/nowhere/",
    "/console/record/?q=nothing-says-this",
    "/console/sessions/?device=desktop&state=any",
    "/console/sessions/?ip=neither-nor",
    "/console/sessions/?tenant={tenant}",
    "/console/sessions/?user=nobody@nowhere.example",
    "/console/sessions/end/?session=",
    "/console/sessions/end/?tenant={tenant}",
    "/console/users/?q=nothing-says-this",
]
ROUTES = sorted({route.path for route in routes_of_the_console()} - NO_PAGES) + MORE
ACCOUNT = [path for path, methods in PAGES.items() if "GET" in methods] + ["/reset-password"]


@pytest.fixture(scope="module")
def springfield(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock():
        yield furnished(World.unique())


@pytest.fixture
def operator(visit: Visit, springfield: World) -> Visitor:
    operator = visit()
    operator.be(springfield.super_admin)
    return operator


@pytest.fixture
def lisa(visit: Visit, springfield: World) -> Visitor:
    """With two devices more than this one."""
    here: Caller = springfield.signed_in(springfield.lisa.user)
    springfield.signed_in(here.user, user_agent=FIREFOX)
    lisa = visit()
    lisa.be(here)
    return lisa


def addresses(route: str, world: World) -> Iterator[str]:
    """Of something of its kind; of each act on that, where it is an act's."""
    kind = route.split("/")[2]
    thing = THINGS[kind](world) if "<str:handle>" in route else None
    there = route.format(tenant=world.springfield.slug).replace("<str:handle>", thing.handle if thing else "")
    if "<slug:name>" in there:
        acts = acts_on(thing, principal(world.super_admin))
        assert acts
        yield from (there.replace("<slug:name>", act.name) for act in acts)
    else:
        yield there


def grave_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:200]} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def is_cut_off(page: Page) -> list[str]:
    """What sticks out on the right, where nothing scrolls."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{wide} pixels too wide"] if wide > 0 else []


@pytest.mark.parametrize("scheme", SCHEMES)
class TestNoGraveFault:
    @pytest.mark.parametrize("route", ROUTES)
    def test_is_on_the_consoles_page(self, route: str, scheme: str, operator: Visitor, springfield: World):
        operator.page.emulate_media(color_scheme=scheme)
        for path in addresses(route, springfield):
            operator.open(path)
            assert grave_faults(operator.page) == [], path

    @pytest.mark.parametrize("path", ACCOUNT)
    def test_is_on_peoples_page(self, path: str, scheme: str, lisa: Visitor):
        lisa.page.emulate_media(color_scheme=scheme)
        lisa.open(path)
        assert lisa.at == path
        assert grave_faults(lisa.page) == []

    def test_is_on_what_they_are_told(self, scheme: str, lisa: Visitor, springfield: World):
        page = lisa.page
        page.emulate_media(color_scheme=scheme)
        lisa.open("/account/sessions/")
        page.get_by_role("button", name="this was not me").first.click()
        assert grave_faults(page) == []
        page.get_by_label("Your password now").fill("wrong")
        page.get_by_label("New password").fill("password")
        page.get_by_role("button", name="Change the password").click()
        assert grave_faults(page) == []
        page.get_by_role("button", name="Sign out").click()
        lisa.sign_in(springfield.lisa.user, "000000")
        assert grave_faults(page) == []


class TestOnATelephone:
    @pytest.mark.parametrize("route", ROUTES)
    def test_the_consoles_page_shows_its_whole_width(self, route: str, visit: Visit, springfield: World):
        operator = visit(**PHONE)
        operator.be(springfield.super_admin)
        for path in addresses(route, springfield):
            operator.open(path)
            assert is_cut_off(operator.page) == [], path

    @pytest.mark.parametrize("path", ACCOUNT)
    def test_peoples_page_shows_its_whole_width(self, path: str, visit: Visit, springfield: World):
        lisa = visit(**PHONE)
        lisa.be(springfield.signed_in(springfield.lisa.user))
        lisa.open(path)
        assert is_cut_off(lisa.page) == []


def test_a_grave_fault_would_be_found(visit: Visit):
    """Axe runs under the pages' own policy, which lets no script of its own in."""
    visitor = visit()
    visitor.open("/account/sign-in/")
    visitor.page.evaluate("document.querySelector('label[for=email]').remove()")
    assert any(fault.startswith("label: ") for fault in grave_faults(visitor.page))
