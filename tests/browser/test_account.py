"""The account page in a real browser, with and without JavaScript: signed-out devices are refused at once."""

import re

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import FIREFOX, Visitor
from tests.console.browser import COOKIE
from tests.samples import sampled
from tests.servers import Servers
from tests.world import PASSWORD, Caller, World

SIGN_IN, SESSIONS, PASSWORD_PAGE = "/account/sign-in/", "/account/sessions/", "/account/password/"
NEW = "an entirely new password"


def each_way(flow: str) -> pytest.MarkDecorator:
    """With scripts or without; `make proof` goes both ways."""
    ways = sampled([True, False], flow, share=2)
    return pytest.mark.parametrize(
        "laptop", ways, indirect=True, ids=lambda way: f"{'with' if way else 'without'} scripts"
    )


@pytest.fixture
def laptop(request: pytest.FixtureRequest, visit: Visit, committed_world: World) -> Visitor:
    """Ada's, on which she has signed in."""
    laptop = visit(java_script_enabled=request.param)
    laptop.open(SESSIONS)
    assert laptop.at == SIGN_IN
    laptop.sign_in(committed_world.ada.user)
    expect(laptop.page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    return laptop


@pytest.fixture
def telephone(committed_world: World) -> Caller:
    """Ada's as well, or so she thinks."""
    return committed_world.signed_in(committed_world.ada.user, user_agent=FIREFOX)


def on_it(visit: Visit, telephone: Caller) -> Visitor:
    browser = visit(user_agent=FIREFOX)
    browser.be(telephone)
    browser.open(SESSIONS)
    expect(browser.page.get_by_text("This device", exact=True)).to_be_visible()
    return browser


def statuses(servers: Servers, caller: Caller) -> list[int]:
    """Of its access token at v1 and of its cookie at the panel, on either server process."""
    shown = [
        ("/api/v1/me", {"Authorization": f"Bearer {caller.token}"}),
        ("/api/account/sessions/count", {"Cookie": f"{COOKIE}={caller.key}"}),
    ]
    return [
        requests.get(url + path, headers=headers, timeout=20).status_code
        for path, headers in shown
        for url in servers.urls
    ]


@pytest.mark.sampled
class TestOtherDevice:
    @each_way("signed out")
    def test_signed_out_device_is_sent_to_sign_in_on_next_click(
        self, laptop: Visitor, telephone: Caller, visit: Visit, servers: Servers
    ):
        other = on_it(visit, telephone)
        assert statuses(servers, telephone) == [200] * 4
        laptop.page.reload()
        laptop.page.get_by_role("button", name="Sign out Firefox Mobile on Android").click()
        expect(laptop.page.get_by_role("status")).to_have_text("Firefox Mobile on Android has been signed out.")
        assert statuses(servers, telephone) == [401] * 4

        other.page.get_by_role("link", name="Change your password").click()
        assert other.at == SIGN_IN
        expect(other.page.get_by_role("status")).to_have_text("Your session has ended. Sign in again.")
        assert not other.is_keeping_a_key

    @each_way("somebody else's")
    def test_this_was_not_me_leads_to_a_new_password(
        self, laptop: Visitor, telephone: Caller, servers: Servers, committed_world: World
    ):
        page = laptop.page
        page.reload()
        page.get_by_role("button", name=re.compile("^This wasn.t me: Firefox Mobile on Android, ")).click()
        expect(page.get_by_role("status")).to_contain_text("someone may know your password: change it now")
        assert laptop.at == PASSWORD_PAGE
        assert statuses(servers, telephone) == [401] * 4

        page.get_by_label("Current password").fill(PASSWORD)
        page.get_by_label("New password").fill(NEW)
        page.get_by_role("button", name="Change password").click()
        expect(page.get_by_role("status")).to_contain_text("Password changed.")
        assert laptop.at == SESSIONS
        for password, status in ((PASSWORD, 401), (NEW, 200)):
            body = {"email": committed_world.ada.user.email, "password": password}
            assert requests.post(f"{servers.urls[1]}/api/v1/auth/login", json=body, timeout=20).status_code == status

    @each_way("every other")
    def test_sign_out_everywhere_else_revokes_every_other_session(
        self, laptop: Visitor, telephone: Caller, servers: Servers, committed_world: World
    ):
        third = committed_world.signed_in(committed_world.ada.user)
        laptop.page.reload()
        laptop.page.get_by_role("button", name="Sign out everywhere else").click()
        expect(laptop.page.get_by_role("status")).to_have_text("Signed out everywhere else (3 sessions).")
        expect(laptop.page.get_by_text("You are not signed in anywhere else.")).to_be_visible()
        assert statuses(servers, telephone) + statuses(servers, third) == [401] * 8


def test_device_can_be_signed_out_by_keyboard(
    visit: Visit, telephone: Caller, servers: Servers, committed_world: World
):
    ada = visit()
    ada.open(SESSIONS)
    for typed in (committed_world.ada.user.email, PASSWORD):
        ada.page.keyboard.press("Tab")
        ada.page.keyboard.type(typed)
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    target = ada.page.get_by_role("button", name="Sign out Firefox Mobile on Android")
    for _ in range(10):
        ada.page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement && node.matches(':focus-visible')"):
            break
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("status")).to_have_text("Firefox Mobile on Android has been signed out.")
    assert statuses(servers, telephone) == [401] * 4
