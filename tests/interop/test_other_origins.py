"""Pages of allowed origins use every dialect and can read errors; pages of other origins are blocked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from playwright.sync_api import Browser

from accounts.models import User
from core.ids import Prefix
from sessions_app.models import SessionState
from tests.console.browser import COOKIE
from tests.interop.conftest import Ways
from tests.interop.cross_origin_page import Elsewhere
from tests.servers import Servers
from tests.world import PASSWORD, Caller, World, some_id

pytestmark = pytest.mark.proof

LOGIN, MINE, ACCOUNT = "/api/v1/auth/login", "/api/v1/me/sessions", "/api/account/sessions"
TOKENS, EDGE, GROUPS = "/api/admin/tokens/sessions", "/edge/management/v1", "/api/v1/admin/groups"
Open = Callable[[str, str], Elsewhere]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    context = browser.new_context()
    yield lambda origin, api: Elsewhere(context.new_page(), origin, api)
    context.close()


@pytest.fixture(params=["another port", "another site"])
def page(request: pytest.FixtureRequest, open_page: Open, ways: Ways) -> Elsewhere:
    return open_page(ways.named[request.param], ways.direct)


@pytest.fixture
def page_behind(open_page: Open, ways: Ways) -> Elsewhere:
    """Whose API is below a path of a proxy's."""
    return open_page(ways.named["another site"], ways.stripped)


def is_live(caller: Caller) -> bool:
    return SessionState.objects.live().filter(pk=caller.session.pk).exists()


def token_of(page: Elsewhere, user: User) -> str:
    seen = page.ask("POST", LOGIN, {"email": user.email, "password": PASSWORD})
    assert (seen.status, bool(seen.headers["x-request-id"])) == (200, True)
    return seen.json["data"]["access_token"]


def walk_v1(page: Elsewhere, world: World) -> None:
    phone, admin = (
        world.signed_in(world.ada.user),
        {"Authorization": f"Bearer {token_of(page, world.north_admin.user)}"},
    )
    mine = {"Authorization": f"Bearer {token_of(page, world.ada.user)}"}
    listed = page.ask("GET", MINE, **mine)
    assert phone.session_id in {row["id"] for row in listed.json["data"]}
    assert page.ask("DELETE", f"{MINE}/{phone.session_id}", **mine).status == 200
    assert not is_live(phone)
    brief = page.ask("POST", f"{MINE}/revoke-all", Prefer="return=minimal", **mine)
    assert (brief.status, brief.headers["preference-applied"]) == (200, "return=minimal")

    made = [page.ask("POST", GROUPS, {"name": "all"}, Idempotency_Key="once", **admin) for _ in range(2)]
    assert [each.status for each in made] == [201, 201]
    assert made[1].headers["idempotency-replayed"] == "true"
    place, version = (made[0].headers[name] for name in ("location", "etag"))
    path = place[place.index("/api/") :]
    assert page.api.endswith(place.removesuffix(path))
    assert page.ask("PATCH", path, {"name": "some"}, If_Match='"another"', **admin).status == 412
    ended = page.ask("DELETE", path, If_Match=version, **admin)
    assert (ended.status, ended.headers["sessions-ended"]) == (204, "0")


def walk_panel(page: Elsewhere, world: World) -> None:
    phone, mine = world.signed_in(world.alan.user), {"Authorization": f"Bearer {token_of(page, world.alan.user)}"}
    key = {"x_api_key": page.ask("POST", "/api/v1/me/api-keys", {"name": "page"}, **mine).json["data"]["api_key"]}
    for credential in (mine, key):
        assert phone.session_id in {row["token"] for row in page.ask("GET", ACCOUNT, **credential).json["data"]}
    assert page.ask("DELETE", f"{ACCOUNT}/{phone.session_id}", **key).status == 200
    assert not is_live(phone)


def walk_admin_tokens(page: Elsewhere, world: World) -> None:
    phone, key = world.signed_in(world.north_admin.user), {"x_admin_key": settings.ADMIN_KEY}
    assert phone.session_id in {row["jti"] for row in page.ask("GET", TOKENS, **key).json["sessions"]}
    assert page.ask("DELETE", f"{TOKENS}/{phone.session_id}", **key).status == 200
    assert not is_live(phone)


def walk_edge(page: Elsewhere, world: World) -> None:
    phone, body = world.signed_in(world.ada.user), {"username": world.north_admin.user.email, "password": PASSWORD}
    signed_in = page.ask("POST", f"{EDGE}/authenticate?method=password", body)
    assert signed_in.headers["zt-session"] == signed_in.json["data"]["token"]
    key = {"zt_session": signed_in.headers["zt-session"]}
    listed = page.ask("GET", f"{EDGE}/api-sessions?limit=500", **key)
    assert phone.session_id in {row["id"] for row in listed.json["data"]}
    assert int(listed.headers["expiration-seconds"]) > 0
    assert listed.headers["expires-at"].endswith(" UTC")
    assert listed.headers["server"].startswith(("ziti-controller/", "nginx"))
    assert page.ask("DELETE", f"{EDGE}/api-sessions/{phone.session_id}", **key).status == 200
    assert page.ask("GET", f"{EDGE}/current-api-session", **key).status == 200
    assert not is_live(phone)


WALKS = [walk_v1, walk_panel, walk_admin_tokens, walk_edge]


@pytest.mark.parametrize("walk", WALKS)
def test_page_of_an_allowed_origin_signs_in_lists_and_revokes(walk: Any, page: Elsewhere, committed_world: World):
    walk(page, committed_world)


@pytest.mark.parametrize("walk", WALKS)
def test_page_calls_an_api_below_a_proxy_path(walk: Any, page_behind: Elsewhere, committed_world: World):
    walk(page_behind, committed_world)


def test_page_of_an_allowed_origin_can_read_errors(page: Elsewhere, committed_world: World):
    token = token_of(page, committed_world.ada.user)
    key, mine = committed_world.north_admin.key, {"Authorization": f"Bearer {token}"}
    large, unknown = '"' + "x" * (1024 * 1024) + '"', some_id(Prefix.SESSION)
    seen = {
        "401 of v1": page.ask("GET", MINE),
        "401 of the panel": page.ask("GET", ACCOUNT, x_api_key="curfew_wrong"),
        "401 of the admin tokens": page.ask("GET", TOKENS, x_admin_key="wrong"),
        "401 of the edge": page.ask("GET", f"{EDGE}/api-sessions", zt_session="wrong"),
        "403": page.ask("GET", GROUPS, **mine),
        "404": page.ask("GET", f"{EDGE}/api-sessions/{unknown}", zt_session=key),
        "404 of nothing": page.ask("GET", "/api/v1/nothing"),
        "405": page.ask("PUT", MINE, **mine),
        "413": page.ask("POST", LOGIN, large),
        "422": page.ask("POST", LOGIN, {}),
        "400": page.ask("GET", f"{EDGE}/api-sessions?filter=x", zt_session=key),
    }
    assert {case: each.status for case, each in seen.items()} == {case: int(case[:3]) for case in seen}
    assert all(each.headers["x-request-id"] for each in seen.values())
    assert {case for case, each in seen.items() if "www-authenticate" in each.headers} == {
        case for case in seen if case.startswith("401")
    }
    assert seen["405"].headers["allow"]


def test_page_of_an_allowed_origin_can_read_retry_after(page: Elsewhere, committed_world: World):
    body = {"email": committed_world.ada.user.email, "password": "wrong"}
    statuses = [page.ask("POST", LOGIN, body).status for _ in range(4)]
    throttled = page.ask("POST", LOGIN, body)
    assert (statuses[0], throttled.status) == (401, 429)
    assert int(throttled.headers["retry-after"]) > 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE sessions_app_session IN ACCESS EXCLUSIVE MODE")
        busy = page.ask("GET", ACCOUNT, Authorization=f"Bearer {committed_world.alan.token}")
    assert (busy.status, busy.headers["retry-after"]) == (503, "60")


class TestDisallowedOrigin:
    def test_browser_blocks_its_requests(self, open_page: Open, stranger: str, ways: Ways, committed_world: World):
        assert kept_from(open_page(stranger, ways.direct), committed_world) == []

    def test_every_origin_is_blocked_when_none_is_allowed(
        self, open_page: Open, ways: Ways, servers: Servers, committed_world: World
    ):
        assert kept_from(open_page(ways.named["another port"], servers.urls[0]), committed_world) == []


def kept_from(page: Elsewhere, world: World) -> list[str]:
    """What went through in spite of all. A page that may not ask is shown nothing, and its acts are not sent."""
    phone = world.signed_in(world.north_admin.user)
    body = {"username": phone.user.email, "password": PASSWORD}
    asked = {
        "version": page.ask("GET", f"{EDGE}/version"),
        "v1": page.ask("POST", LOGIN, {"email": phone.user.email, "password": PASSWORD}),
        "panel": page.ask("GET", ACCOUNT, Authorization=f"Bearer {phone.token}"),
        "admin tokens": page.ask("DELETE", f"{TOKENS}/{phone.session_id}", x_admin_key=settings.ADMIN_KEY),
        "edge": page.ask("POST", f"{EDGE}/authenticate?method=password", body),
        "static": page.ask("GET", "/static/console/console.css"),
    }
    through = [name for name, seen in asked.items() if not seen.is_blocked]
    return through if is_live(phone) else [*through, "the act"]


class TestCookiesAcrossOrigins:
    """The browser has a session cookie, and the page asks it to send the cookie along."""

    @pytest.fixture
    def caller(self, page: Elsewhere, committed_world: World) -> Caller:
        caller = committed_world.super_admin
        cookie = {"name": COOKIE, "value": caller.key, "url": page.api, "httpOnly": True, "sameSite": "Lax"}
        page.page.context.add_cookies([cookie])
        return caller

    def test_request_with_cookies_is_blocked_even_for_an_allowed_origin(self, page: Elsewhere, caller: Caller):
        asked = [
            page.ask("GET", ACCOUNT, credentials="include"),
            page.ask("DELETE", ACCOUNT, credentials="include"),
            page.ask("POST", "/api/admin/tokens/revoke", credentials="include"),  # which no preflight precedes
        ]
        assert all(seen.is_blocked for seen in asked)
        assert is_live(caller)

    def test_sign_in_from_an_allowed_origin_sets_no_cookie(self, page: Elsewhere, committed_world: World):
        body = {"email": committed_world.ada.user.email, "password": PASSWORD, "session_cookie": True}
        assert page.ask("POST", LOGIN, body).status == 403
        assert page.page.context.cookies() == []
