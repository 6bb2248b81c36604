"""Log lines cannot be forged and contain no secrets."""

import logging
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings

from core.api.v1 import V1ViewSet
from sessions_app import operations
from tests.contract.edge.client import AUTHENTICATE, CURRENT, SessionKeyCaller
from tests.world import PASSWORD, World

FORGED = "\r\n2026-11-21 09:00:00,000 WARNING audit super_admin deleted\x1b[31m\u202e"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+ ")


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the production's own formatter would have written to stderr."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter(settings.LOGGING["formatters"]["line"]["format"]))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, world: World) -> World:
    """Acts that fail in a way nobody thought of. Their paths and tracebacks are what ends up in a log."""

    def fail(*args: Any, **named: Any) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(operations, "sign_in", fail)
    monkeypatch.setattr(operations, "refresh", fail)
    monkeypatch.setattr(V1ViewSet, "id_or_404", fail)
    for caller in (world.nobody, world.ada):
        caller.http.raise_request_exception = False
    return world


def entries(log: StringIO) -> list[str]:
    return [line for line in log.getvalue().splitlines() if LINE.match(line)]


def test_log_line_cannot_be_forged(broken: World, log: StringIO):
    headers = {"User-Agent": FORGED.encode("unicode_escape").decode(), "X-Request-ID": "12345678\tsuper_admin deleted"}
    broken.nobody.post("/api/v1/auth/login", {"email": FORGED, "password": FORGED}, headers=headers)
    broken.ada.delete(f"/api/v1/me/sessions/{quote(FORGED)}", headers=headers)
    one, two = entries(log)
    assert one.endswith("ERROR django.request Internal Server Error: /api/v1/auth/login")
    assert two.endswith("super_admin deleted\\x1b[31m\\u202e")
    assert not re.search("\x1b|\u202e|\r", log.getvalue())


def test_unexpected_exception_is_a_500_without_details(broken: World, log: StringIO):
    answer = broken.nobody.post("/api/v1/auth/login", {"email": "ada", "password": PASSWORD})
    assert answer.status_code == 500
    assert answer.json().keys() == {"detail"}
    assert "nobody thought" not in answer.content.decode()
    assert "nobody thought of this" in log.getvalue()


def test_log_contains_no_secrets(broken: World, log: StringIO):
    ada = broken.ada
    broken.nobody.post("/api/v1/auth/login", {"email": "ada", "password": "canary-password"})
    broken.nobody.post(AUTHENTICATE, {"username": "ada@north.example", "password": "canary-password"})
    key = SessionKeyCaller(broken.signed_in(ada.user).key)
    assert key.get(CURRENT).json()["data"]["token"] == key.token
    broken.nobody.get(CURRENT, headers={"zt-session": "canary-key"})
    broken.nobody.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token})
    broken.nobody.get("/api/v1/me?access_token=canary-query")
    broken.nobody.get("/api/v1/me", headers={"Authorization": "Bearer canary-bearer"})
    ada.post("/api/v1/me/password", {"current_password": "canary-current", "new_password": "canary-new"})
    form = "grant_type=client_credentials&client_id=x&client_secret=canary-client"
    ada.http.post("/api/v1/platform/oauth/token", form, content_type="application/x-www-form-urlencoded")
    assert len(entries(log)) == 3
    assert "canary" not in log.getvalue()
    assert str(key.token) not in log.getvalue()
    assert str(ada.refresh_token) not in log.getvalue()
    assert str(ada.token) not in log.getvalue()
