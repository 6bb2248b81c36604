"""Non-ASCII bytes in headers, sent to real servers, are stored as sent or dropped."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from audit.models import AuditEntry
from sessions_app.models import Session
from tests.commands.run_command import run_command
from tests.security.wire import exchange, request, statuses
from tests.servers import Servers, environment, free_port, wait_for
from tests.world import PASSWORD, World

# Another server than ours, from the standard library: it hands on every byte, as WSGI says, in a letter of its own.
TRANSPARENT = """
import sys
from wsgiref.simple_server import make_server
from config.wsgi import application
make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
"""
LOGIN = "/api/v1/auth/login"
AGENTS = {
    "Café/1.0 (☃; 東京)".encode(): "Café/1.0 (☃; 東京)",
    "Café/1.0".encode("latin-1"): "Caf\ufffd/1.0",
    b"a\xf0\x9f\x98b\xc3": "a\ufffdb\ufffd",
    "tab\tand \u0091 control".encode(): "tab and   control",
    ("é" * 600).encode(): "é" * 512,
    b"Mozilla/5.0 (X11; Linux x86_64)": "Mozilla/5.0 (X11; Linux x86_64)",
}


@contextmanager
def transparent_server() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-c", TRANSPARENT, str(port)]
    given = environment(settings.DATABASES["default"])
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=given, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def sign_in(url: str, email: str, *headers: bytes) -> bytes:
    body = json.dumps({"email": email, "password": PASSWORD}).encode()
    lines = [
        f"POST {LOGIN} HTTP/1.1".encode(),
        *(b"Host: 127.0.0.1", b"Connection: close", b"Content-Type: application/json"),
        f"Content-Length: {len(body)}".encode(),
        *headers,
    ]
    return exchange(url, b"\r\n".join([*lines, b"", body]))


def signed_in(url: str, email: str, *headers: bytes) -> dict[str, Any]:
    heard = sign_in(url, email, *headers)
    assert statuses(heard) == [200], heard
    return json.loads(heard[heard.index(b"{") : heard.rindex(b"}") + 1])["data"]


def get(url: str, path: str, token: str) -> Any:
    heard = exchange(url, request("GET", path, "Connection: close", f"Authorization: Bearer {token}"))
    return json.loads(heard[heard.index(b"{") : heard.rindex(b"}") + 1])


def test_user_agent_is_stored_listed_recorded_and_exported_as_sent(committed_world: World):
    person = committed_world.person("grace", committed_world.north)
    wrong: dict[bytes, Any] = {}
    with transparent_server() as url:
        for sent, expected in AGENTS.items():
            session = signed_in(url, person.email, b"User-Agent: " + sent)
            handle, token = session["session_id"], session["access_token"]
            panel = get(url, "/api/account/sessions?limit=100", token)["data"]
            seen = {
                "v1": {each["id"]: each["user_agent"] for each in get(url, "/api/v1/me/sessions", token)["data"]}[
                    handle
                ],
                "panel": {each["token"]: each["userAgent"] for each in panel}[handle],
                "row": Session.objects.get(user=person, is_newest=True).user_agent,
                "audit log": AuditEntry.objects.get(resource_id=handle, action="authentication.sign_in").user_agent,
            }
            if set(seen.values()) != {expected}:
                wrong[sent] = seen
    assert wrong == {}
    lines = run_command(
        "export_sessions", "--format", "jsonl", "--tenant", committed_world.north.handle
    ).out.splitlines()
    assert [json.loads(line)["user_agent"] for line in lines] == list(AGENTS.values())


class TestGranian:
    """Granian drops such values; docs/deployment.md says so."""

    def test_non_ascii_user_agent_and_request_id_are_dropped(self, servers: Servers, committed_world: World):
        person, url = committed_world.person("grace", committed_world.north), servers.urls[0]
        session = signed_in(url, person.email, "User-Agent: Café/1.0".encode(), "X-Request-ID: café-0000".encode())
        (row,) = get(url, "/api/account/sessions", session["access_token"])["data"]
        assert (row["userAgent"], row["browser"], row["device"]) == ("Unknown", "Unknown", "Desktop")
        (row,) = get(url, "/api/v1/me/sessions", session["access_token"])["data"]
        assert row["user_agent"] is None

    def test_cookie_header_with_a_non_ascii_cookie_is_dropped(self, servers: Servers, committed_world: World):
        ada, url = committed_world.ada, servers.urls[0]
        ours, theirs = f"curfew_session={ada.key}", "theme=café"
        for cookie, status in ((ours, 200), (f"{theirs}; {ours}", 401)):
            heard = exchange(url, request("GET", "/api/account/sessions", "Connection: close", f"Cookie: {cookie}"))
            assert statuses(heard) == [status]

    def test_non_ascii_forwarded_header_does_not_spoof_an_address(self, committed_world: World):
        person = committed_world.person("grace", committed_world.north)
        with Servers.running(settings.DATABASES["default"], count=1, TRUSTED_PROXIES="127.0.0.1") as servers:
            for forwarded, status in (("é, 198.51.100.7", 400), ("é", 400), ("x, 198.51.100.7", 200)):
                heard = sign_in(servers.urls[0], person.email, f"X-Forwarded-For: {forwarded}".encode())
                assert statuses(heard) == [status], forwarded
        assert [each.ip_address for each in person.sessions.all()] == ["198.51.100.7"]
