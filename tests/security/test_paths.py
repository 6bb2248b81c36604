"""Other spellings of a path do not reach the route, apart from a trailing slash."""

from collections.abc import Callable

import pytest

from tests.cells import cells
from tests.samples import sampled
from tests.security.answers import comparable
from tests.security.routes import Operation, operations
from tests.security.wire import exchange, request, statuses
from tests.servers import Servers
from tests.world import Caller, World

each_of_v1 = pytest.mark.parametrize("operation", [each for each in operations() if "/v1/" in each.path], ids=str)

OTHER_SPELLINGS: dict[str, Callable[[str], str]] = {
    "two slashes in front": lambda path: f"/{path}",
    "two slashes behind": lambda path: f"{path}//",
    "two slashes inside": lambda path: path.replace("/", "//", 2).removeprefix("/"),
    "a dot": lambda path: path.replace("/", "/./", 1),
    "a dot behind": lambda path: f"{path}/.",
    "up and down again": lambda path: f"/x/..{path}",
    "up from within": lambda path: f"{path}/../{path.rpartition('/')[2]}",
    "dots in disguise": lambda path: f"/x/%2e%2e{path}",
    "dots and a slash in disguise": lambda path: f"/x%2f..{path}",
    "a parameter": lambda path: f"{path};x=1",
    "an extension": lambda path: f"{path}.json",
    "upper case": str.upper,
    "a space": lambda path: f"{path}%20",
    "a newline": lambda path: f"{path}%0a",
    "NUL": lambda path: f"{path}%00",
    "a backslash": lambda path: f"/{path[1:].replace('/', '%5c')}",
    "another host": lambda path: f"//evil.example{path}",
    "another host, and back": lambda path: f"//evil.example/..{path}",
}


@each_of_v1
def test_trailing_slash_makes_no_difference(world: World, operation: Operation):
    def ask(slash: str):
        """As nobody, then as somebody who is let in; each on ground of their own, for some acts end the session."""
        caller = world.nobody if operation.is_public else world.signed_in(world.super_admin.user)
        url = operation.url(world, caller) + slash
        body = {} if operation.bodies else None
        return world.nobody.request(operation.method, url, body), caller.request(operation.method, url, body)

    (anonymous, plain), (anonymous_with_slash, with_slash) = ask(""), ask("/")
    assert comparable(anonymous) == comparable(anonymous_with_slash)
    gone = {404} if operation.method == "DELETE" else set()  # what was deleted a moment ago, by the other spelling
    assert with_slash.status_code in {plain.status_code} | gone
    assert not 300 <= with_slash.status_code < 400


@pytest.mark.sampled
@pytest.mark.parametrize("part", range(4))
def test_other_spelling_of_a_path_is_not_the_route(servers: Servers, committed_world: World, part: int):
    caller = committed_world.super_admin
    for operation in operations()[part::4]:
        path = operation.url(committed_world, caller)
        for case, spelled in sampled(OTHER_SPELLINGS.items(), operation):
            is_not_the_route(servers, operation, case, spelled(path), caller)
    still_here = exchange(servers.urls[0], request("GET", "/api/v1/me", "Connection: close", authorization(caller)))
    assert statuses(still_here) == [200]


def is_not_the_route(servers: Servers, operation: Operation, case: str, path: str, caller: Caller) -> None:
    for credentials, allowed in (((), {401, 404, 405}), ((authorization(caller),), {404, 405})):
        asked = request(operation.method, path, "Connection: close", *credentials)
        heard = exchange(servers.urls[0], asked)  # a 405: the last piece stands where an id would
        assert len(statuses(heard)) == 1, f"{operation}: {case}"
        assert set(statuses(heard)) <= allowed, f"{operation}: {case} {path}: {heard!r}"
        assert b"\r\nlocation:" not in heard.lower(), f"{operation}: {case}"


def authorization(caller: Caller) -> str:
    return f"Authorization: Bearer {caller.token}"


@cells("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_method_override_headers_are_ignored(world: World, header: str):
    phone = world.signed_in(world.ada.user)
    path = f"/api/v1/me/sessions/{phone.session_id}"
    said = {"headers": {header: "DELETE"}}
    assert world.ada.get(path, **said).status_code == 405
    assert world.ada.post(f"{path}?_method=DELETE", {"_method": "DELETE"}, **said).status_code == 405
    assert phone.get("/api/v1/me").status_code == 200


def test_head_has_the_status_of_get_without_a_body(world: World):
    for caller in (world.nobody, world.ada):
        asked, told = caller.request("HEAD", "/api/v1/me/sessions"), caller.get("/api/v1/me/sessions")
        assert (asked.status_code, asked.content) == (told.status_code, b"")
