"""API documentation pages are served in development only and load nothing external."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from django.conf import settings

from config.docs import DIALECTS
from tests.cells import cells
from tests.servers import Servers

PAGES = ["/docs", "/redoc", *(f"/docs/{name}" for name in DIALECTS)]
SCHEMAS = ["/openapi.json", *(f"/openapi/{name}.json" for name in DIALECTS)]


class Links(HTMLParser):
    """Everything a page has the browser fetch by itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            value for name, value in attrs if name in {"src", "href", "data", "spec-url", "action"} and value
        ]


@pytest.fixture(scope="module")
def in_production(django_db_setup: None) -> Iterator[Servers]:
    environment = {"CURFEW_ENV": "production", "ALLOWED_HOSTS": "127.0.0.1", "SECURE_SSL_REDIRECT": "false"}
    with Servers.running(settings.DATABASES["default"], count=1, **environment) as servers:
        yield servers


@cells("page", PAGES)
def test_page_loads_only_existing_local_files(servers: Servers, page: str):
    url = servers.urls[0] + page
    html = requests.get(url, timeout=10).text
    links = [link for link in Links(html).found if not link.startswith("data:")]
    assert html.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert any(link.endswith(".js") for link in links)
    for link in [*links, "/openapi.json"]:
        assert urlsplit(urljoin(url, link)).netloc == urlsplit(url).netloc, link
        answer = requests.get(urljoin(url, link), timeout=10)
        assert answer.status_code == 200, link
        assert answer.headers["X-Content-Type-Options"] == "nosniff", link
    assert not re.findall(r"""(?:src|href|url|import)\s*[=:(]\s*["']?(?:https?:)?//""", html)


@cells("page", PAGES)
def test_content_security_policy_allows_local_files_only(servers: Servers, page: str):
    policy = requests.get(servers.urls[0] + page, timeout=10).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert not re.search(r"https?:|\*|//", policy)


def test_pages_show_the_served_schema(servers: Servers):
    schema = requests.get(f"{servers.urls[0]}/openapi.json", timeout=10).json()
    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/me/sessions" in schema["paths"]


@cells("name", DIALECTS)
def test_each_dialect_has_its_own_page_and_schema(name: str, servers: Servers):
    url, dialect = servers.urls[0], DIALECTS[name]
    assert f"/openapi/{name}.json" in requests.get(f"{url}/docs/{name}", timeout=10).text
    schema = requests.get(f"{url}/openapi/{name}.json", timeout=10).json()
    assert schema["info"]["title"] == dialect.info["title"]
    assert schema["paths"]
    assert {path.startswith(f"/{dialect.start}") for path in schema["paths"]} == {True}


@pytest.mark.parametrize("path", [*SCHEMAS, *PAGES])
def test_documentation_is_404_in_production(in_production: Servers, path: str):
    answer = requests.get(in_production.urls[0] + path, timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_api_is_served_in_production(in_production: Servers):
    url = in_production.urls[0]
    assert requests.get(f"{url}/.well-known/jwks.json", timeout=10).status_code == 200
    assert requests.get(f"{url}/api/v1/me", timeout=10).status_code == 401
