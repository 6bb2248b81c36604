"""Version, specs and summary endpoints of the edge API."""

from ipaddress import ip_network
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import settings

from accounts.models import Role
from tests.cells import cells
from tests.contract.edge.client import CURRENT, IDENTITIES, PATH, SESSIONS, error, list_body, with_session_key
from tests.world import Caller, World

CLIENT = "/edge/client/v1"
VERSIONS = [
    PATH,
    f"{PATH}/",
    f"{PATH}/version",
    f"{PATH}/version/",
    CLIENT,
    f"{CLIENT}/",
    f"{CLIENT}/version",
    "/version",
]


def api_at(path: str) -> dict[str, Any]:
    return {"v1": {"path": path, "apiBaseUrls": [f"http://testserver{path}"]}}


class TestVersion:
    def test_is_the_same_at_every_version_path(self, world: World):
        answers = {path: world.nobody.get(path) for path in VERSIONS}
        assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(VERSIONS, 200)
        assert all(answer.json() == answers[PATH].json() for answer in answers.values())
        assert {answer["Content-Type"] for answer in answers.values()} == {"application/json"}

    def test_lists_the_apis_of_a_controller(self, world: World):
        body = world.nobody.get(f"{PATH}/version").json()
        assert body["meta"] == {}
        data = body["data"]
        assert data.keys() == {"apiVersions", "buildDate", "capabilities", "revision", "runtimeVersion", "version"}
        assert data["apiVersions"] == {
            "edge": api_at(CLIENT),
            "edge-client": api_at(CLIENT),
            "edge-management": api_at(PATH),
        }
        assert data["version"] == f"v{settings.VERSION}"
        assert "OIDC_AUTH" not in data["capabilities"]

    def test_names_the_forwarded_host_of_a_trusted_proxy_only(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver", "sessions.example"])
        forwarded = {"X-Forwarded-Host": "evil.example, sessions.example", "X-Forwarded-Proto": "https"}
        for proxies, start in (([], "http://testserver"), ([ip_network("127.0.0.1/32")], "https://sessions.example")):
            monkeypatch.setattr(settings, "TRUSTED_PROXIES", proxies)
            data = world.nobody.get(f"{PATH}/version", headers=forwarded).json()["data"]
            assert data["apiVersions"]["edge-management"]["v1"]["apiBaseUrls"] == [f"{start}{PATH}"]

    def test_never_names_a_disallowed_host(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(settings, "TRUSTED_PROXIES", [ip_network("127.0.0.1/32")])
        for host in ("evil.example", "evil.example/a?b, ok"):
            data = world.nobody.get("/version", headers={"X-Forwarded-Host": host}).json()["data"]
            assert data["apiVersions"]["edge-management"] == api_at(PATH), host

    def test_every_listed_path_and_base_url_answers(self, world: World):
        listing = world.nobody.get(f"{PATH}/version").json()["data"]["apiVersions"]
        for versions in listing.values():
            for path in (versions["v1"]["path"], *versions["v1"]["apiBaseUrls"]):
                assert world.nobody.get(path.removeprefix("http://testserver")).json()["data"]["apiVersions"] == listing

    def test_ignores_a_stale_credential(self, world: World):
        for path in VERSIONS:
            assert world.nobody.get(path, headers={"zt-session": "stale"}).status_code == 200


class TestSpecs:
    def test_lists_the_management_api(self, world: World):
        answer = world.nobody.get(f"{PATH}/specs")
        [spec] = answer.json()["data"]
        assert answer.json()["meta"] == {}
        assert spec.keys() == {"id", "createdAt", "updatedAt", "_links", "tags", "name"}
        assert spec["id"] == spec["name"] == "edge-management"
        assert world.nobody.get(f"{PATH}/specs/edge-management").json() == {"data": spec, "meta": {}}

    def test_links_to_the_document_only_if_api_docs_are_served(self, world: World, settings: Any):
        [spec] = world.nobody.get(f"{PATH}/specs").json()["data"]
        document = world.nobody.get(spec["_links"]["spec"]["href"])
        assert document.json()["paths"].keys() >= {f"{PATH}/api-sessions", f"{PATH}/specs"}
        settings.API_DOCS = False
        [spec] = world.nobody.get(f"{PATH}/specs").json()["data"]
        assert spec["_links"].keys() == {"self"}

    def test_unknown_spec_is_404(self, world: World):
        told = error(world.nobody.get(f"{PATH}/specs/edge-client"), 404)
        assert told["causeMessage"] == "spec with id edge-client not found"


class TestSummary:
    def test_counts_only_what_is_in_the_callers_scope(self, world: World):
        for caller in (world.ada, world.katherine, world.lisa):
            assert caller.get(CURRENT).status_code == 200
        for caller, sees in ((world.north_admin, 2), (world.acme_partner, 4), (world.super_admin, 6)):
            data = caller.get(f"{PATH}/summary").json()["data"]
            assert (data["apiSessions"], data["identities"]) == (sees, sees)
            assert all(type(count) is int for count in data.values())
            assert {name for name, count in data.items() if count} == {"apiSessions", "identities"}

    def test_equals_the_totals_of_lists_and_of_v1(self, world: World):
        for caller in (world.ada, world.katherine, world.lisa):
            caller.get(CURRENT)
        for caller in (world.north_admin, world.acme_partner, world.super_admin):
            data = caller.get(f"{PATH}/summary").json()["data"]
            stats = caller.get("/api/v1/admin/sessions/stats").json()["data"]
            users = caller.get("/api/v1/admin/users").json()["pagination"]
            assert data["apiSessions"] == stats["active_sessions"] == total(caller, SESSIONS)
            assert data["identities"] == users["total"] == total(caller, IDENTITIES)


def total(caller: Caller, path: str) -> int:
    return list_body(caller, path=path)["meta"]["pagination"]["totalCount"]


class TestAcceptHeader:
    @cells(
        "accept",
        [
            *("*/*", "application/*", "application/json", "APPLICATION/JSON", "", "application/json; charset=utf-8"),
            *("application/x-pem-file, application/json", "text/html,application/xml;q=0.9,*/*;q=0.8"),
        ],
    )
    def test_json_is_returned_when_accepted(self, accept: str, world: World):
        assert world.nobody.get(f"{PATH}/version", headers={"Accept": accept}).status_code == 200

    @cells("path", [f"{PATH}/version", SESSIONS, CURRENT, IDENTITIES])
    def test_anything_but_json_is_refused_with_406(self, path: str, world: World):
        for accept in ("application/x-pem-file", "text/html", "text/yaml, application/x-pem-file"):
            told = error(world.north_admin.get(path, headers={"Accept": accept}), 406)
            assert told["code"] == "COULD_NOT_VALIDATE"
            filter_error = {"field": "Accept", "reason": "only application/json is available", "value": accept}
            assert told["cause"] == filter_error


def test_every_link_can_be_followed(world: World):
    """Relative links are resolved against the URL of their document, as a client does."""
    key = with_session_key(world.person("admin", world.north, Role.TENANT_ADMIN), world)
    followed = set()
    for path in ("specs", "current-api-session", "current-identity", "api-sessions", "identities"):
        for link in links_in(key.get(f"{PATH}/{path}").json()["data"]):
            place = urljoin(f"{PATH}/", link)
            assert key.get(place).status_code == 200, link
            followed.add(link.rpartition("/")[0])
    assert followed >= {"./specs", ".", "./api-sessions", "./identities"}


def links_in(value: Any) -> list[str]:
    match value:
        case {"href": str(href)}:
            return [href]
        case dict():
            return [link for each in value.values() for link in links_in(each)]
        case list():
            return [link for each in value for link in links_in(each)]
        case _:
            return []
