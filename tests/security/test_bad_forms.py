"""Malformed forms sent to the token endpoint get RFC 6749 errors."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Application
from core.access import Scope
from tests.access.database_digest import database_digest
from tests.security.answers import refused
from tests.security.routes import FORM
from tests.world import World

PATH = "/api/v1/platform/oauth/token"
GRANT = "grant_type=client_credentials"
UNREADABLE = {
    "empty": b"",
    "no grant": b"client_id=a&client_secret=b",
    "another grant": b"grant_type=password&username=a&password=b",
    "a grant twice": f"{GRANT}&{GRANT}&client_id=a&client_secret=b".encode(),
    "a secret twice": f"{GRANT}&client_id=a&client_secret=b&client_secret=c".encode(),
    "NUL": f"{GRANT}&client_id=a%00&client_secret=b".encode(),
    "NUL in the scope": f"{GRANT}&client_id=a&client_secret=b&scope=%00".encode(),
    "broken UTF-8": f"{GRANT}&client_id=%ff%fe&client_secret=b".encode(),
    "a surrogate": f"{GRANT}&client_id=%ed%a0%80&client_secret=b".encode(),
    "raw bytes": b"grant_type=client_credentials&client_id=\xff",
    "only separators": b"&" * 1_000,
    "too many fields": "&".join(f"{GRANT}{n}=1" for n in range(10_000)).encode(),
    "half a megabyte of name": b"a" * 500_000,
    "JSON": json.dumps({"grant_type": "client_credentials"}).encode(),
}
BROKEN_BASIC = ["Basic", "Basic ", "Basic %", "Basic ====", "Basic é", f"Basic {base64.b64encode(b'a').decode()} x"]


@pytest.fixture
def ask(world: World) -> Iterator[Any]:
    """Ask for a token. No refused request may have left a trace, but for the record of it."""
    world.service(Scope.ADMIN_READ)
    before = database_digest()
    yield lambda body, content_type=FORM, **headers: world.nobody.http.generic(
        "POST", PATH, body, content_type, headers=headers
    )
    assert database_digest() == before


def turned_down(answer: Any, status: int, case: object) -> str:
    assert answer.status_code == status, f"{case}: {answer.status_code} {answer.content[:200]!r}"
    assert answer.json().keys() == {"error", "error_description"}, case
    assert ("WWW-Authenticate" in answer.headers) == (status == 401), case
    return answer.json()["error"]


def test_unreadable_form_is_400(ask: Any):
    for case, body in UNREADABLE.items():
        assert turned_down(ask(body), 400, case) in {"invalid_request", "unsupported_grant_type"}, case


def test_malformed_basic_credentials_are_401(ask: Any):
    for header in BROKEN_BASIC:
        assert turned_down(ask(GRANT.encode(), Authorization=header), 401, header) == "invalid_client"


def test_unknown_client_is_401(ask: Any):
    for client in (
        "",
        ":",
        "a:b",
        "a" * 10_000 + ":b",
        "%ff:%00",
        "\N{SNOWMAN}:\N{SNOWMAN}",
        "usr_1:x",
        "' OR 1=1--:x",
    ):
        header = f"Basic {base64.b64encode(client.encode()).decode()}"
        assert turned_down(ask(GRANT.encode(), Authorization=header), 401, client) == "invalid_client"


def test_two_authentication_methods_at_once_are_refused(ask: Any, world: World):
    name = Application.objects.get(application_type="SERVICE").client_id
    header = f"Basic {base64.b64encode(f'{name}:{name}-secret'.encode()).decode()}"
    for more in ("client_secret=x", f"client_secret={name}-secret", "client_id=somebody-else"):
        answer = ask(f"{GRANT}&{more}".encode(), Authorization=header)
        assert turned_down(answer, 400, more) == "invalid_request"
    assert ask(GRANT.encode(), Authorization=header).status_code == 200


def test_secret_in_the_query_string_is_ignored(ask: Any, world: World):
    name = Application.objects.get(application_type="SERVICE").client_id
    form = f"{GRANT}&client_id={name}&client_secret={name}-secret"
    answer = world.nobody.http.generic("POST", f"{PATH}?{form}", b"", FORM)
    assert turned_down(answer, 400, form) == "invalid_request"
    assert ask(form.encode()).status_code == 200


def test_unsupported_content_type_is_415(ask: Any):
    for content_type in ("", "application/json", "multipart/form-data; boundary=x", "text/plain"):
        refused(ask(GRANT.encode(), content_type), 415, content_type)


def test_form_over_the_limit_is_413(ask: Any):
    refused(ask(b"a" * 10 * 1024 * 1024), 413)
