"""Behind nginx and below a path, every dialect answers and every link stays below the path."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from django.conf import settings
from playwright.sync_api import Browser, expect

from config.docs import DIALECTS
from sessions_app.models import SessionState
from tests.browser.conftest import Visit
from tests.browser.visitor import FIREFOX, visiting
from tests.console.browser import COOKIE, HOME
from tests.interop.conftest import Ways
from tests.interop.nginx import PREFIX
from tests.servers import Servers
from tests.world import Caller, World

pytestmark = pytest.mark.proof

SIGN_IN, SESSIONS = "/account/sign-in/", "/account/sessions/"
LINK = re.compile(r"""\s(href|src|action|spec-url)="([^"]*)\"""")


@pytest.fixture(params=["stripped", "kept"])
def home(request: pytest.FixtureRequest, ways: Ways) -> str:
    return getattr(ways, request.param)


@pytest.fixture
def visit(browser: Browser, ways: Ways) -> Iterator[Visit]:
    """A request for anything that is not below the path fails the test."""
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(visiting(browser, ways.stripped, **more))


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[str]:
    """As in production, asked past its proxy."""
    given = {"CURFEW_ENV": "production", "ALLOWED_HOSTS": "127.0.0.1", "TRUSTED_PROXIES": "127.0.0.1"}
    given["PUBLIC_URL"] = f"https://127.0.0.1{PREFIX}/"
    with Servers.running(settings.DATABASES["default"], count=1, **given) as servers:
        yield servers.urls[0]


def is_live(caller: Caller) -> bool:
    return SessionState.objects.live().filter(pk=caller.session.pk).exists()


def ask(method: str, url: str, **headers: str) -> Any:
    return requests.request(method, url, headers=headers, timeout=20, allow_redirects=False)


class TestApisBehindProxy:
    def test_every_dialect_lists_and_revokes(self, home: str, committed_world: World):
        world, phones = committed_world, [committed_world.signed_in(committed_world.north_admin.user) for _ in range(4)]
        bearer = {"Authorization": f"Bearer {world.north_admin.token}"}
        doors = [
            ("/api/v1/me/sessions", bearer),
            ("/api/account/sessions", bearer),
            ("/api/admin/tokens/sessions", {"x-admin-key": settings.ADMIN_KEY}),
            ("/edge/management/v1/api-sessions", {"zt-session": world.north_admin.key}),
        ]
        for (path, headers), phone in zip(doors, phones, strict=True):
            listed = ask("GET", f"{home}{path}", **headers)
            assert (listed.status_code, phone.session_id in listed.text) == (200, True), path
            assert ask("DELETE", f"{home}{path}/{phone.session_id}", **headers).status_code == 200, path
        assert [is_live(phone) for phone in phones] == [False] * 4

    def test_urls_in_responses_contain_the_prefix(self, home: str, committed_world: World):
        admin = {"Authorization": f"Bearer {committed_world.north_admin.token}"}
        made = requests.post(f"{home}/api/v1/admin/groups", json={"name": "all"}, headers=admin, timeout=20)
        assert made.headers["Location"].startswith(f"{PREFIX}/api/v1/admin/groups/grp_")
        assert ask("GET", urljoin(home, made.headers["Location"]), **admin).status_code == 200
        versions = ask("GET", f"{home}/version").json()["data"]["apiVersions"]
        urls = {url for api in versions.values() for url in api["v1"]["apiBaseUrls"]}
        assert urls == {f"{home}/edge/management/v1", f"{home}/edge/client/v1"}
        (spec,) = ask("GET", f"{home}/edge/management/v1/specs").json()["data"]
        assert ask("GET", urljoin(home, spec["_links"]["spec"]["href"])).json()["info"]["title"]
        assert ask("GET", f"{home}/api/account/sessions").json()["url"] == f"{PREFIX}/api/account/sessions"

    def test_early_errors_have_the_body_of_their_dialect(self, home: str):
        """Repeated, because nginx answers 502 now and then if the server closes the connection too early."""
        large = {"data": b"x" * (2 * 1024 * 1024 - 1), "timeout": 20}
        for _ in range(10):
            v1 = requests.post(f"{home}/api/v1/auth/login", **large)
            edge = requests.post(f"{home}/edge/management/v1/authenticate", **large)
            assert (v1.status_code, edge.status_code) == (413, 413)
        assert v1.json()["detail"].startswith("The request body is")
        assert edge.json()["error"]["code"] == "REQUEST_ENTITY_TOO_LARGE"
        assert ask("GET", f"{home}/edge/management/v1/x/y").json()["error"]["code"] == "NOT_FOUND"

    def test_non_ascii_forwarded_header_is_400(self, home: str):
        """nginx appends to the header it receives, and the server behind it drops a non-ASCII one."""
        for sent, status in ((b"198.51.100.7", 401), ("é".encode(), 400)):
            answer = requests.get(f"{home}/api/v1/me", headers={"X-Forwarded-For": sent}, timeout=20)
            assert answer.status_code == status, sent

    def test_schemas_and_keys_are_served_below_the_prefix(self, home: str):
        assert ask("GET", f"{home}/.well-known/jwks.json").status_code == 200
        for name, dialect in DIALECTS.items():
            schema = ask("GET", f"{home}/openapi/{name}.json").json()
            assert schema["servers"] == [{"url": PREFIX}]
            assert {path.startswith(f"/{dialect.start}") for path in schema["paths"]} == {True}

    def test_similar_path_prefix_is_404(self, ways: Ways):
        """Neither nginx nor the server takes `/curfewish` for its prefix `/curfew`."""
        assert ask("GET", f"{ways.kept}ish/healthz").status_code == 404
        assert ask("GET", f"{ways.direct}{PREFIX}/healthz").status_code == 404


class TestProductionBehindProxy:
    @pytest.mark.parametrize("path", ["/healthz", "/readyz", f"{PREFIX}/healthz", f"{PREFIX}/readyz"])
    def test_health_probes_answer_without_tls(self, server: str, path: str):
        assert ask("GET", f"{server}{path}").status_code == 200

    @pytest.mark.parametrize("path", ["/api/v1/me", f"{PREFIX}/api/v1/me"])
    def test_other_requests_are_redirected_to_https_below_the_prefix(self, server: str, path: str):
        away = ask("GET", f"{server}{path}")
        assert (away.status_code, away.headers["Location"]) == (
            301,
            f"https://{urlsplit(server).netloc}{PREFIX}/api/v1/me",
        )
        assert ask("GET", f"{server}{path}", **{"X-Forwarded-Proto": "https"}).status_code == 401


class TestPagesBehindProxy:
    def test_every_link_stays_below_the_prefix(self, home: str, committed_world: World):
        cookies, outside = {COOKIE: committed_world.super_admin.key}, list[str]()
        left = {
            shape(f"{home}{path}"): f"{home}{path}" for path in (HOME, SESSIONS, "/docs", "/redoc", "/reset-password")
        }
        seen: set[str] = set()
        while left.keys() - seen:
            seen.add(next_one := min(left.keys() - seen))
            page = left[next_one]
            answer = requests.get(page, cookies=cookies, timeout=20)
            assert (answer.status_code, answer.url.startswith(f"{home}/")) == (200, True), (page, answer.url)
            for kind, text in LINK.findall(answer.text):
                link = urljoin(page, unescape(text))
                if not link.startswith((f"{home}/", "data:")):
                    outside.append(f"{page}: {text}")
                elif kind == "href" and "/static/" not in link and link.startswith(home):
                    left.setdefault(shape(link), link)
        assert outside == []
        assert len(seen) > 40

    def test_admin_signs_in_finds_a_session_and_revokes_it(self, visit: Visit, committed_world: World):
        operator, phone = visit(), committed_world.ada
        page = operator.page
        operator.open(HOME)
        operator.sign_in(committed_world.north_admin.user)
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        assert operator.at == HOME
        page.get_by_role("link", name="Sessions", exact=True).click()
        page.get_by_role("link", name=phone.user.email).click()
        page.get_by_role("link", name="Revoke this session…").click()
        page.get_by_label("Reason").fill("a lost telephone")
        page.get_by_role("button", name="Revoke 1 session now").click()
        expect(page.get_by_text("1 session revoked.")).to_be_visible()
        assert not is_live(phone)

    def test_user_signs_in_signs_out_a_device_and_signs_out(self, visit: Visit, committed_world: World):
        laptop, phone = visit(), committed_world.signed_in(committed_world.ada.user, user_agent=FIREFOX)
        page = laptop.page
        laptop.open(SESSIONS)
        assert laptop.at == SIGN_IN
        laptop.sign_in(committed_world.ada.user)
        page.get_by_role("button", name="Sign out Firefox Mobile on Android").click()
        expect(page.get_by_role("status")).to_have_text("Firefox Mobile on Android has been signed out.")
        assert not is_live(phone)
        page.reload()
        expect(page.get_by_role("status")).to_have_count(0)  # what was said once, under the path too
        page.get_by_role("link", name="Change your password").click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("You are signed out.")
        assert (laptop.at, laptop.is_keeping_a_key) == (SIGN_IN, False)

    def test_reset_page_works_below_the_prefix(self, visit: Visit, ways: Ways):
        somebody = visit()
        somebody.open("/reset-password")
        somebody.page.get_by_label("Code").fill("none")
        somebody.page.get_by_label("New password").fill("an entirely new password")
        somebody.page.get_by_role("button", name="Set password").click()
        expect(somebody.page.get_by_role("alert")).to_contain_text("This code is wrong")
        assert somebody.at == "/reset-password"

    def test_documentation_page_calls_the_api_below_the_prefix(self, visit: Visit):
        reader = visit()
        reader.open("/docs/edge")
        reader.page.locator("#operations-Informational-listVersion").click()
        reader.page.get_by_role("button", name="Try it out").click()
        with reader.page.expect_response(re.compile("/version$")) as answer:
            reader.page.get_by_role("button", name="Execute").click()
        assert (answer.value.status, urlsplit(answer.value.url).path) == (200, f"{PREFIX}/edge/management/v1/version")


def shape(link: str) -> str:
    """The same for pages about different rows, or about the same ones in another order."""
    return re.sub(r"\b[a-z]{3}_[0-9a-z]{26}\b", "...", link.partition("?")[0].partition("#")[0])
