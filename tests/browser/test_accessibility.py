"""Every page in light and dark mode: no violations found by axe, no horizontal scrolling on a phone."""

import re
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.architecture.routes import PAGES, routes_of_the_console
from tests.browser.conftest import Visit
from tests.browser.visitor import FIREFOX, PHONE, Visitor
from tests.console.test_scope import THINGS, furnished, principal
from tests.world import Caller, World
from web.console.actions import available_actions

pytestmark = pytest.mark.proof

TELEPHONE = PHONE["viewport"]
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
REFUSED = {
    "/console/nowhere/": HTTPStatus.NOT_FOUND,
    "/console/sessions/end/": HTTPStatus.UNPROCESSABLE_ENTITY,  # of what, it is not told
    "/console/sessions/end/?session=": HTTPStatus.UNPROCESSABLE_ENTITY,
}
NO_PAGES = ("/export/", "/jsi18n/", "/sign-out/", "/take-out/")
ROUTES = sorted({route.path for route in routes_of_the_console()} | set(MORE))
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
        acts = available_actions(thing, principal(world.super_admin))
        assert acts
        yield from (there.replace("<slug:name>", act.name) for act in acts)
    else:
        yield there


def is_a_page(path: str, visitor: Visitor) -> bool:
    """Not a file, and not what only takes forms. An answer that nobody meant would be judged in the page's place."""
    answer = visitor.context.request.get(path, max_redirects=0)
    if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return False
    assert answer.status == REFUSED.get(path, HTTPStatus.OK), f"{answer.status} at {path}"
    return answer.headers["content-type"].startswith("text/html")


def flaws_of(page: Page) -> Iterator[str]:
    """By day, by night and on a telephone."""
    yield from faults_on(page)
    page.emulate_media(color_scheme="dark")
    page.reload()
    yield from (f"by night: {fault}" for fault in faults_on(page, runOnly=["color-contrast"]))
    page.emulate_media(color_scheme="light")
    before = page.viewport_size
    page.set_viewport_size(TELEPHONE)
    if wide := page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"):
        yield f"{wide} pixels wider than a telephone"
    page.set_viewport_size(before or TELEPHONE)


def faults_on(page: Page, **options: Any) -> Iterator[str]:
    for fault in Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]:
        for node in fault["nodes"]:
            yield f"{fault['id']} ({fault['impact']}): {node['html'][:200]} {node['failureSummary']}"


@pytest.mark.parametrize("route", ROUTES)
def test_console_page_has_no_accessibility_violations(route: str, operator: Visitor, springfield: World):
    pages = list(filter(partial(is_a_page, visitor=operator), addresses(route, springfield)))
    assert bool(pages) != route.endswith(NO_PAGES)
    for path in pages:
        operator.open(path)
        assert list(flaws_of(operator.page)) == [], path


@pytest.mark.parametrize("kind", ["agents", "groups", "partners", "tenants", "users"])
def test_console_form_with_errors_has_no_accessibility_violations(kind: str, operator: Visitor):
    page = operator.page
    operator.open(f"/console/{kind}/new/")
    page.locator("main form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was saved")
    assert list(faults_on(page)) == []


@pytest.mark.parametrize("path", ACCOUNT)
def test_account_page_has_no_accessibility_violations(path: str, lisa: Visitor):
    lisa.open(path)
    assert lisa.at == path
    assert list(flaws_of(lisa.page)) == []


def test_account_messages_have_no_accessibility_violations(lisa: Visitor, springfield: World):
    page = lisa.page
    lisa.open("/account/sessions/")
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("This wasn.t me")).first.click()
    assert list(faults_on(page)) == []
    page.get_by_label("Current password").fill("wrong")
    page.get_by_label("New password").fill("password")
    with page.expect_navigation():
        page.get_by_role("button", name="Change password").click()
    assert list(faults_on(page)) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    with page.expect_navigation():
        lisa.sign_in(springfield.lisa.user, "000000")
    assert list(faults_on(page)) == []


@pytest.mark.parametrize(
    ("done", "found"),
    [
        ("document.querySelector('label[for=email]').remove()", "label (critical)"),
        ("document.querySelector('h1').style.color = '#999'", "color-contrast (serious)"),
        ("document.body.style.width = '500px'", "pixels wider than a telephone"),
    ],
)
def test_planted_violation_is_found(done: str, found: str, visit: Visit):
    """Axe runs under the pages' own Content-Security-Policy, which allows no inline script."""
    visitor = visit()
    visitor.page.reload = lambda: None  # it would mend what is broken here
    visitor.open("/account/sign-in/")
    visitor.page.evaluate(done)
    assert any(found in flaw for flaw in flaws_of(visitor.page))
