"""The client address is the peer's, or one forwarded by trusted proxies."""

import ipaddress
import time
from typing import Any

import pytest
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from core.api.middleware import client_ip
from tests.cells import cells
from tests.world import PASSWORD, World

PEER, OUR_PROXY, OUTER_PROXY, CLIENT = "203.0.113.9", "10.0.0.1", "2001:db8:ffff::1", "198.51.100.7"


@pytest.fixture
def proxies(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:ffff::/48")]


def address(peer: str, forwarded: str | None = None) -> str | None:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_ip(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        (PEER, None, PEER),
        (PEER, CLIENT, PEER),
        (PEER, f"{CLIENT}, {OUR_PROXY}", PEER),
        (OUR_PROXY, None, OUR_PROXY),
        (OUR_PROXY, "", None),
        (OUR_PROXY, CLIENT, CLIENT),
        (OUR_PROXY, f"1.2.3.4, {CLIENT}", CLIENT),
        (OUR_PROXY, f"127.0.0.1, {CLIENT}", CLIENT),
        (OUR_PROXY, f"{CLIENT}, {OUTER_PROXY}", CLIENT),
        (OUR_PROXY, f"1.2.3.4, {CLIENT} , 10.9.9.9,{OUTER_PROXY}", CLIENT),
        (OUR_PROXY, "10.0.0.2, 10.0.0.3", "10.0.0.2"),
        (OUR_PROXY, f"{CLIENT}, rubbish", None),
        (OUR_PROXY, f"rubbish, {OUTER_PROXY}", None),
        (OUR_PROXY, f"rubbish, {CLIENT}", CLIENT),
        (OUR_PROXY, f"{CLIENT}, ", None),
        (OUR_PROXY, f", {OUTER_PROXY}", None),
        (OUR_PROXY, f", {CLIENT}", CLIENT),
        (PEER, "", PEER),
        (PEER, "rubbish", PEER),
        (OUR_PROXY, "unknown", None),
        (OUR_PROXY, "_hidden", None),
        (OUR_PROXY, f"{CLIENT}:555", CLIENT),
        (OUR_PROXY, f"1.2.3.4:1, {CLIENT}:555, {OUR_PROXY}:80", CLIENT),
        (OUR_PROXY, "[2001:db8::1]:80", "2001:db8::1"),
        (OUR_PROXY, "[2001:db8::1]", "2001:db8::1"),
        (OUR_PROXY, f"{CLIENT}, [{OUTER_PROXY}]:80", CLIENT),
        (OUR_PROXY, f"[::ffff:{CLIENT}]:80", CLIENT),
        *((OUR_PROXY, f"{CLIENT}{rest}", None) for rest in (":", ":port", ":1:2", ":123456", "/32", ":\u0661")),
        *((OUR_PROXY, each, None) for each in ("[2001:db8::1]80", "[2001:db8::1", f"[{CLIENT}]:80", "[]:80")),
        (f"{OUR_PROXY}:80", CLIENT, None),
        (OUR_PROXY, "2001:DB8::00:1", "2001:db8::1"),
        (OUR_PROXY, "fe80::1%eth0", "fe80::1"),
        (OUR_PROXY, f"::ffff:{CLIENT}", CLIENT),
        (f"::ffff:{OUR_PROXY}", CLIENT, CLIENT),
        (f"::ffff:{PEER}", CLIENT, PEER),
        (f"{OUTER_PROXY}%eth0", CLIENT, CLIENT),
        ("fe80::1%25eth0", None, "fe80::1"),
        ("", CLIENT, None),
        ("unix:", CLIENT, None),
    ],
)
def test_client_address_is_taken_from_trusted_proxies_only(
    proxies: None, peer: str, forwarded: str | None, seen: str | None
):
    assert address(peer, forwarded) == seen


@cells("forwarded", [CLIENT, "127.0.0.1", "::1", "a", f"{CLIENT}, " * 1_000, "x" * 10_240])
def test_forwarded_header_is_ignored_without_trusted_proxies(forwarded: str):
    assert address(PEER, forwarded) == PEER


lists = st.lists(st.text(max_size=20) | st.ip_addresses().map(str), max_size=6).map(",".join)


@tuned(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(peer=st.text(max_size=20) | st.ip_addresses().map(str), forwarded=lists)
def test_random_headers_give_a_valid_address_or_none(proxies: None, peer: str, forwarded: str):
    for trusted_peer in (peer, OUR_PROXY):
        seen = address(trusted_peer, forwarded)
        assert seen is None or str(ipaddress.ip_address(seen)) == seen


class TestSpoofedAddress:
    SPOOFED = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "X-Client-IP": "6.6.6.6",
        "True-Client-IP": "6.6.6.6",
        "CF-Connecting-IP": "6.6.6.6",
        "Forwarded": "for=6.6.6.6;proto=https;host=evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-User-ID": "usr_00000000000000000000000000",
        "Remote-User": "super@curfew.example",
        "X-Forwarded-User": "super@curfew.example",
        "X-Forwarded-Email": "super@curfew.example",
        "X-Tenant-ID": "tnt_00000000000000000000000000",
        "X-Original-URL": "/healthz",
        "X-Rewrite-URL": "/healthz",
    }

    def test_spoofed_headers_do_not_change_the_recorded_address(self, world: World):
        person = world.person("grace", world.north)
        credentials = {"email": person.email, "password": PASSWORD}
        assert world.nobody.post("/api/v1/auth/login", credentials, headers=self.SPOOFED).status_code == 200
        (session,) = person.sessions.all()
        assert (session.ip_address, session.last_ip_address) == ("127.0.0.1", "127.0.0.1")

    def test_spoofed_headers_do_not_replace_credentials(self, world: World):
        assert world.nobody.get("/api/v1/me", headers=self.SPOOFED).status_code == 401
        answer = world.ada.get("/api/v1/me", headers=self.SPOOFED).json()["data"]
        assert answer["email"] == world.ada.user.email

    def test_address_from_a_trusted_proxy_is_recorded(self, world: World, proxies: None):
        person = world.person("grace", world.north)
        credentials = {"email": person.email, "password": PASSWORD}
        told = {"headers": {"X-Forwarded-For": f"6.6.6.6, {CLIENT}"}, "REMOTE_ADDR": OUR_PROXY}
        assert world.nobody.post("/api/v1/auth/login", credentials, **told).status_code == 200
        assert person.sessions.get().ip_address == CLIENT


def test_request_with_an_unreadable_address_is_400(world: World, proxies: None):
    """Otherwise a client that spoils the header would be counted and recorded under the proxy's address."""
    person = world.person("grace", world.north)
    credentials = {"email": person.email, "password": PASSWORD}
    for forwarded in ("", " ", f", {OUTER_PROXY}", "garbage", f"{CLIENT}, unknown", f"rubbish, {OUTER_PROXY}"):
        extra = {"headers": {"X-Forwarded-For": forwarded}, "REMOTE_ADDR": OUR_PROXY}
        answer = world.nobody.post("/api/v1/auth/login", credentials, **extra)
        assert (answer.status_code, answer.json()) == (400, {"detail": "The request could not be understood"})
        assert world.nobody.get("/healthz", **extra).status_code == 200
    assert not person.sessions.exists()
    assert world.nobody.post("/api/v1/auth/login", credentials, REMOTE_ADDR=OUR_PROXY).status_code == 200
    ignored = {"headers": {"X-Forwarded-For": "garbage"}, "REMOTE_ADDR": PEER}
    assert world.nobody.post("/api/v1/auth/login", credentials, **ignored).status_code == 200


@cells(
    "user_agent",
    [
        "x" * 10_240,
        "<script>alert(1)</script>",
        "\x1b[31mred\x1b[0m\tand\x7f\x85more",
        "\u00e9\u00ff\u00c3",
        "Mozilla/5.0 (" + "(" * 5_000,
        "Mozilla/5.0 " + "a1 " * 3_000 + "!",
        "Windows NT " + "9" * 5_000,
        "",
    ],
)
def test_user_agent_is_shortened_and_control_characters_removed(world: World, user_agent: str):
    person = world.person("grace", world.north)
    credentials = {"email": person.email, "password": PASSWORD}
    began = time.monotonic()
    answer = world.nobody.post("/api/v1/auth/login", credentials, HTTP_USER_AGENT=user_agent)
    assert (answer.status_code, time.monotonic() - began < 2) == (200, True)
    session = person.sessions.get()
    assert len(session.user_agent) == min(len(user_agent), 512)
    assert session.user_agent.isprintable()


class TestForwardedProto:
    def test_is_accepted_from_trusted_proxies_only(self, world: World, proxies: None, settings: Any):
        settings.SECURE_SSL_REDIRECT = True
        settings.SECURE_HSTS_SECONDS = 60
        http = Client()
        for peer, status in ((PEER, 301), (OUR_PROXY, 200)):
            answer = http.get("/.well-known/jwks.json", headers={"X-Forwarded-Proto": "https"}, REMOTE_ADDR=peer)
            assert answer.status_code == status, peer
            assert ("Strict-Transport-Security" in answer.headers) == (status == 200)


class TestHostHeader:
    @cells(
        "host",
        [
            "evil.example",
            "",
            "127.0.0.1.evil.example",
            "127.0.0.1,evil.example",
            "127.0.0.1@evil.example",
            "[::1",
            "\0",
        ],
    )
    def test_disallowed_host_is_400(self, world: World, host: str):
        for path in ("/api/v1/me", "/api/v1/auth/login", "/openapi.json", "/.well-known/jwks.json", "/nowhere"):
            answer = world.ada.get(path, HTTP_HOST=host)
            assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
            assert answer.json() == {"detail": "The request could not be understood"}

    def test_port_and_capital_letters_are_accepted(self, world: World):
        for host in ("127.0.0.1", "127.0.0.1:8000", "LOCALHOST", "[::1]:8000"):
            assert world.ada.get("/api/v1/me", HTTP_HOST=host).status_code == 200

    def test_health_probes_accept_any_host(self, world: World):
        """Load balancers send them by address, and they reveal nothing."""
        for path in ("/healthz", "/readyz"):
            assert world.nobody.get(path, HTTP_HOST="10.1.2.3").json() == {"status": "ok"}
