"""A session of one dialect is listed and revocable in every other, across two server processes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import requests

from accounts.models import User
from tests.servers import Servers
from tests.world import PASSWORD, World

EDGE = "/edge/management/v1"
COOKIE = "curfew_session"
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    """A session's handle, and everything that its owner may show for it."""

    handle: str
    tokens: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def shown(self) -> list[tuple[str, str, Headers]]:
        """Each credential at each dialect, in every way in which that one takes it."""
        anywhere = [
            ("v1", "/api/v1/me"),
            ("panel", "/api/account/sessions/count"),
            ("admin_tokens", "/api/admin/tokens/sessions"),
            ("edge", f"{EDGE}/current-api-session"),
        ]
        found = [(*each, bearer(token)) for each, token in product(anywhere, self.tokens)]
        elsewhere = [each for each in anywhere if each[0] != "panel"]  # there a key is a cookie's alone
        found += [(*each, bearer(key)) for each, key in product(elsewhere, self.keys)]
        found += [(*each, {"Cookie": f"{COOKIE}={key}"}) for each, key in product(anywhere[1:3], self.keys)]
        return found + [(*anywhere[3], {"zt-session": key}) for key in self.keys]


class Person:
    """Somebody who signs in wherever they like, and whose other session looks on."""

    def __init__(self, user: User, world: World, servers: Servers) -> None:
        self.user, self.urls = user, servers.urls
        self.other = world.signed_in(user)

    def ask(self, at: int, method: str, path: str, headers: Headers, **more: Any) -> requests.Response:
        return requests.request(method, self.urls[at] + path, headers=dict(headers), timeout=20, **more)

    def look(self, path: str) -> Any:
        answer = self.ask(0, "GET", path, bearer(str(self.other.token)))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def credentials(self) -> dict[str, str]:
        tenant = {} if self.user.tenant.is_staff else {"tenant": self.user.tenant.handle}
        return {"email": self.user.email, "password": PASSWORD} | tenant


def bearer(credential: str) -> Headers:
    return {"Authorization": f"Bearer {credential}"}


def by_v1(person: Person, **more: Any) -> Opened:
    answer = person.ask(0, "POST", "/api/v1/auth/login", {}, json=person.credentials() | more)
    data = answer.json()["data"]
    return Opened(data["session_id"], (data["access_token"],), tuple(answer.cookies.values()))


def by_cookie(person: Person) -> Opened:
    """As the browsers of the panel and of the administrators sign in."""
    opened = by_v1(person, session_cookie=True)
    assert len(opened.keys) == 1
    return opened


def by_edge(person: Person) -> Opened:
    body = {"username": person.user.email, "password": PASSWORD}
    answer = person.ask(0, "POST", f"{EDGE}/authenticate?method=password", {}, json=body)
    assert answer.status_code == 200, answer.text
    return Opened(answer.json()["data"]["id"], (), (answer.headers["zt-session"],))


OPENED: dict[str, Callable[[Person], Opened]] = {"v1": by_v1, "cookie": by_cookie, "edge": by_edge}
LISTED: dict[str, tuple[str, Callable[[Any], list[str]]]] = {
    "v1": ("/api/v1/admin/sessions?per_page=100&user_id={user}", lambda body: [each["id"] for each in body["data"]]),
    "panel": ("/api/account/sessions?limit=100", lambda body: [each["token"] for each in body["data"]]),
    "admin_tokens": ("/api/admin/tokens/sessions", lambda body: [each["jti"] for each in body["sessions"]]),
    "edge": (
        EDGE + '/api-sessions?filter=identity="{user}" limit 100',
        lambda body: [each["id"] for each in body["data"]],
    ),
}
INSPECTED = {"v1": "/api/v1/admin/sessions/{id}", "edge": EDGE + "/api-sessions/{id}"}
ENDED = {
    "v1": "/api/v1/admin/sessions/{id}",
    "panel": "/api/account/sessions/{id}",
    "admin_tokens": "/api/admin/tokens/sessions/{id}",
    "edge": EDGE + "/api-sessions/{id}",
}


def listed(person: Person) -> dict[str, list[str]]:
    return {face: read(person.look(path.format(user=person.user.handle))) for face, (path, read) in LISTED.items()}


def statuses(person: Person, opened: Opened) -> dict[tuple[int, str, str], int]:
    """What each credential gets at each dialect of each server."""
    return {
        (at, face, next(iter(headers))): person.ask(at, "GET", path, headers).status_code
        for at, (face, path, headers) in product((0, 1), opened.shown())
    }


@pytest.mark.parametrize("opener", OPENED)
@pytest.mark.parametrize("ender", ENDED)
def test_session_of_any_dialect_is_listed_and_revocable_in_every_other(
    opener: str, ender: str, servers: Servers, committed_world: World
):
    opal = Person(committed_world.super_admin.user, committed_world, servers)
    opened = OPENED[opener](opal)
    assert set(statuses(opal, opened).values()) == {200}
    assert {face for face, handles in listed(opal).items() if opened.handle in handles} == set(LISTED)
    for path in INSPECTED.values():
        assert opal.look(path.format(id=opened.handle))["data"]["id"] == opened.handle

    answer = opal.ask(1, "DELETE", ENDED[ender].format(id=opened.handle), bearer(str(opal.other.token)))
    assert answer.status_code == (204 if ender == "v1" else 200), answer.text
    assert set(statuses(opal, opened).values()) == {401}
    assert {face for face, handles in listed(opal).items() if opened.handle in handles} == set()
    told = opal.look(INSPECTED["v1"].format(id=opened.handle))["data"]
    assert (told["status"], told["revoked_by"]) == ("revoked", opal.user.handle)


@pytest.mark.parametrize("opener", ["v1", "cookie"])
@pytest.mark.parametrize("ender", ["v1", "panel", "edge"])
def test_users_session_is_revocable_in_every_dialect_by_owner_and_admin(
    opener: str, ender: str, servers: Servers, committed_world: World
):
    world = committed_world
    ada, boss = Person(world.ada.user, world, servers), Person(world.north_admin.user, world, servers)
    opened = OPENED[opener](ada)
    own = [(face, path, headers) for face, path, headers in opened.shown() if face in ("v1", "panel")]
    for at, (_, path, headers) in product((0, 1), own):
        assert ada.ask(at, "GET", path, headers).status_code == 200
    by = ada if ender == "panel" else boss
    answer = by.ask(1, "DELETE", ENDED[ender].format(id=opened.handle), bearer(str(by.other.token)))
    assert answer.ok, answer.text
    for at, (_, path, headers) in product((0, 1), own):
        assert ada.ask(at, "GET", path, headers).status_code == 401


def test_revoke_all_of_admin_tokens_revokes_admin_sessions_of_every_dialect(servers: Servers, committed_world: World):
    """Sessions of plain users stay live."""
    world = committed_world
    opal, ada = Person(world.super_admin.user, world, servers), Person(world.ada.user, world, servers)
    opened, ordinary = [opens(opal) for opens in OPENED.values()], by_cookie(ada)
    answer = opal.ask(1, "POST", "/api/admin/tokens/revoke", bearer(str(opal.other.token)))
    assert answer.status_code == 200, answer.text
    for each in opened:
        assert set(statuses(opal, each).values()) == {401}
    assert ada.ask(0, "GET", "/api/account/sessions/count", {"Cookie": f"{COOKIE}={ordinary.keys[0]}"}).ok
