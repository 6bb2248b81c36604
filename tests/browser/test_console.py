"""The console in a real browser: sign in, find sessions, revoke them, and see that they are refused."""

import secrets
import time
from ipaddress import IPv6Address

import pytest
import requests
from playwright.sync_api import expect

from sessions_app.models import Revocation
from tests.browser.conftest import Visit
from tests.browser.visitor import PHONE, Visitor
from tests.console.browser import HOME, SESSIONS, SIGN_IN
from tests.contract.v1.authenticator import App, Clock
from tests.samples import sampled
from tests.servers import Servers
from tests.world import Caller, World

ADMINISTRATORS = ["north_admin", "acme_partner", "super_admin"]


@pytest.fixture
def address() -> str:
    """One that nobody else has been seen at."""
    return str(IPv6Address("2001:db8::") + secrets.randbits(64))


@pytest.fixture
def suspects(committed_world: World, address: str) -> list[Caller]:
    """Three sessions of two people, all from there."""
    world = committed_world
    people = [world.person(name, world.north) for name in ("ada", "ada", "alan")]
    return [world.signed_in(person, ip_address=address) for person in people]


def with_second_factor(caller: Caller) -> App:
    """Set up with the code of now, and half a minute ahead from then on: each code is good once."""
    return App.confirmed(caller, Clock(time.time()))


def statuses(servers: Servers, *callers: Caller) -> list[int]:
    """What the API, on either server process, says to their access tokens."""
    return [
        requests.get(f"{url}/api/v1/me", headers={"Authorization": f"Bearer {caller.token}"}, timeout=20).status_code
        for caller in callers
        for url in servers.urls
    ]


def signed_in(visit: Visit, caller: Caller, **more: object) -> Visitor:
    operator = visit(**more)
    operator.be(caller)
    operator.open(HOME)
    return operator


def look_for(operator: Visitor, address: str) -> None:
    """On return the sessions shown are those from there."""
    page = operator.page
    with page.expect_navigation():
        page.get_by_role("link", name="Sessions", exact=True).click()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("IP address or network").fill(address)
    with page.expect_navigation():
        page.get_by_role("button", name="Apply filters").click()


def ended_by(caller: Caller) -> tuple[int, str]:
    """How many, and why, by their last act."""
    made = Revocation.objects.filter(actor_label=caller.user.email).latest("pk")
    return made.revoked_count, made.reason


def tried_in(flow: str) -> pytest.MarkDecorator:
    """By one of them; in `make proof` by all."""
    return pytest.mark.parametrize("who", sampled(ADMINISTRATORS, flow, share=3))


@pytest.mark.sampled
class TestAdminInBrowser:
    """The flow is the same for every role; tests/console covers what each may see."""

    @tried_in("signs in")
    def test_signs_in_with_mfa(self, who: str, visit: Visit, committed_world: World):
        operator, caller = visit(), getattr(committed_world, who)
        app = with_second_factor(caller)
        operator.open(HOME)
        assert operator.at == SIGN_IN
        operator.sign_in(caller.user)
        expect(operator.page.get_by_role("alert")).to_contain_text("has MFA")
        operator.sign_in(caller.user, app.wrong_code())
        expect(operator.page.get_by_role("alert")).to_contain_text("Wrong e-mail, password, code or organization")
        operator.sign_in(caller.user, app.code())
        expect(operator.page.get_by_role("heading", name="Overview")).to_be_visible()
        assert operator.at == HOME

    @tried_in("finds")
    def test_finds_sessions_by_ip_address_and_revokes_them(
        self, who: str, visit: Visit, servers: Servers, suspects: list[Caller], address: str, committed_world: World
    ):
        operator, bystander = signed_in(visit, getattr(committed_world, who)), committed_world.katherine
        page = operator.page
        look_for(operator, address)
        expect(page.locator("#result_list tbody tr")).to_have_count(3)
        page.get_by_role("link", name="Revoke all matching").click()
        for told in ("3sessions", "2users", "1customer tenant", "0administrator sessions"):
            expect(page.locator(".console-numbers p").filter(has_text=told)).to_be_visible()
        assert statuses(servers, *suspects) == [200] * 6

        page.get_by_role("button", name="Revoke 3 sessions now").click()
        expect(page.get_by_label("Reason")).to_be_focused()  # the browser asks for a reason itself
        page.get_by_label("Reason").fill("seen where nobody of ours is")
        page.get_by_role("button", name="Revoke 3 sessions now").click()
        expect(page.get_by_text("3 sessions revoked.")).to_be_visible()
        assert statuses(servers, *suspects, bystander) == [401] * 6 + [200] * 2
        assert ended_by(getattr(committed_world, who)) == (3, "seen where nobody of ours is")

        look_for(operator, address)
        expect(page.get_by_text("No sessions match.")).to_be_visible()
        page.get_by_label("State").select_option("revoked")
        with page.expect_navigation():
            page.get_by_role("button", name="Apply filters").click()
        page.locator("#result_list tbody tr").first.get_by_role("link").click()
        expect(page.get_by_text("seen where nobody of ours is").first).to_be_visible()

    @tried_in("ends one")
    def test_revokes_one_session_from_its_page(
        self, who: str, visit: Visit, servers: Servers, suspects: list[Caller], address: str, committed_world: World
    ):
        operator = signed_in(visit, getattr(committed_world, who))
        page, alans = operator.page, suspects[2]
        look_for(operator, address)
        page.get_by_role("link", name=alans.user.email).click()
        page.get_by_role("link", name="Revoke this session…").click()
        expect(page.get_by_role("definition").filter(has_text=alans.user.email)).to_be_visible()
        page.get_by_label("Reason").fill("lost telephone")
        page.get_by_role("button", name="Revoke 1 session now").click()
        expect(page.get_by_text("1 session revoked.")).to_be_visible()
        assert statuses(servers, *suspects) == [200] * 4 + [401] * 2

    @tried_in("is out")
    def test_revoked_admin_is_sent_to_sign_in_on_next_click(
        self, who: str, visit: Visit, servers: Servers, committed_world: World
    ):
        caller, above = getattr(committed_world, who), committed_world.signed_in(committed_world.super_admin.user)
        operator = signed_in(visit, caller)
        answer = requests.delete(
            f"{servers.urls[1]}/api/v1/admin/sessions/{caller.session_id}",
            headers={"Authorization": f"Bearer {above.token}"},
            timeout=20,
        )
        assert answer.status_code == 204
        operator.page.get_by_role("link", name="Sessions", exact=True).click()
        expect(operator.page.get_by_role("button", name="Sign in")).to_be_visible()
        assert operator.at == SIGN_IN
        assert not operator.is_keeping_a_key


class TestPreviewInBrowser:
    def test_is_confirmed_again_when_more_sessions_match(
        self, visit: Visit, servers: Servers, suspects: list[Caller], address: str, committed_world: World
    ):
        operator = signed_in(visit, committed_world.north_admin)
        page = operator.page
        look_for(operator, address)
        page.get_by_role("link", name="Revoke all matching").click()
        page.get_by_label("Reason").fill("a bad night")
        late = committed_world.signed_in(committed_world.person("grace", committed_world.north), ip_address=address)
        page.get_by_role("button", name="Revoke 3 sessions now").click()
        expect(page.get_by_role("alert")).to_contain_text("This would now revoke more sessions than you confirmed")
        assert statuses(servers, *suspects, late) == [200] * 8
        expect(page.get_by_label("Reason")).to_have_value("a bad night")
        page.get_by_role("button", name="Revoke 4 sessions now").click()
        expect(page.get_by_text("4 sessions revoked.")).to_be_visible()
        assert statuses(servers, *suspects, late) == [401] * 8

    def test_revokes_the_selected_sessions(
        self, visit: Visit, servers: Servers, suspects: list[Caller], address: str, committed_world: World
    ):
        operator = signed_in(visit, committed_world.north_admin)
        page = operator.page
        look_for(operator, address)
        boxes = page.get_by_label(f"Select the session of {suspects[0].user.email}")
        expect(boxes).to_have_count(2)
        for box in boxes.all():
            box.check()
        page.get_by_role("button", name="Revoke selected").click()
        page.get_by_label("Reason").fill("hers")
        page.get_by_role("button", name="Revoke 2 sessions now").click()
        expect(page.get_by_text("2 sessions revoked.")).to_be_visible()
        assert statuses(servers, *suspects) == [401] * 4 + [200] * 2


class TestConsoleOnPhone:
    def test_menu_opens_and_its_links_work(self, visit: Visit, committed_world: World):
        operator = signed_in(visit, committed_world.north_admin, **PHONE)
        link = operator.page.get_by_role("link", name="Sessions", exact=True)
        expect(link).not_to_be_in_viewport()
        operator.page.get_by_role("button", name="Menu").tap()
        link.tap()
        expect(operator.page.get_by_role("heading", name="Sessions")).to_be_visible()
        assert operator.at == SESSIONS


def test_console_works_without_javascript(visit: Visit, committed_world: World):
    page = signed_in(visit, committed_world.north_admin, java_script_enabled=False).page
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("link", name="Sessions", exact=True).click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()


def test_signing_out_of_the_console_revokes_its_session(visit: Visit, servers: Servers, committed_world: World):
    caller = committed_world.acme_partner
    operator = signed_in(visit, caller)
    operator.page.get_by_role("button", name=caller.user.email).click()
    operator.page.get_by_role("button", name="Sign out").click()
    expect(operator.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert statuses(servers, caller) == [401, 401]


def test_console_can_be_used_by_keyboard(visit: Visit, committed_world: World):
    caller = committed_world.north_admin
    operator = signed_in(visit, caller)
    page = operator.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    menu, way = (
        page.get_by_role("button", name=caller.user.email),
        page.get_by_role("link", name="Change your password"),
    )
    menu.press("Enter")
    expect(way).to_be_visible()
    page.keyboard.press("Escape")
    expect(way).to_be_hidden()
    page.get_by_role("link", name="Sessions", exact=True).press("Enter")
    page.get_by_text("Filter", exact=True).press("Enter")
    page.get_by_label("IP address or network").press_sequentially("192.0.2.10")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Revoke all matching")).to_be_visible()
