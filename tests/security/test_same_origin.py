"""Recognition of cross-site requests by Origin and Sec-Fetch-Site."""

import ipaddress
from typing import Any

import pytest
from django.test import RequestFactory

from core.api.same_origin import is_cross_site, own_origin
from tests.cells import cells

HOST = "panel.example"
OURS, PROXIED = f"http://{HOST}", "https://sessions.example"
CASES: dict[str, tuple[dict[str, str], bool]] = {
    "says nothing": ({}, False),
    "our own page": ({"Origin": OURS}, False),
    "our own page, spelled otherwise": ({"Origin": OURS.upper()}, False),
    "our own page, as browsers say it": ({"Origin": OURS, "Sec-Fetch-Site": "same-origin"}, False),
    "the address bar": ({"Sec-Fetch-Site": "none"}, False),
    "another site": ({"Sec-Fetch-Site": "cross-site"}, True),
    "another site, that says it is ours": ({"Sec-Fetch-Site": "Cross-Site", "Origin": OURS}, True),
    "another origin": ({"Origin": "https://evil.example"}, True),
    "another scheme": ({"Origin": f"https://{HOST}"}, True),
    "another port": ({"Origin": f"{OURS}:8080"}, True),
    "a host that begins like ours": ({"Origin": f"{OURS}.evil.example"}, True),
    "no origin at all": ({"Origin": "null"}, True),
    "an empty one": ({"Origin": ""}, True),
}
FORWARDED = {"X-Forwarded-Host": "sessions.example", "X-Forwarded-Proto": "https"}


def request(headers: dict[str, str]) -> Any:
    return RequestFactory().post("/", headers=headers | {"Host": HOST})


@pytest.fixture(autouse=True)
def our_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = [HOST, "sessions.example", ".apps.example"]


@cells("case", CASES)
def test_cross_site_request_is_recognized_by_browser_headers(case: str):
    headers, expected = CASES[case]
    assert is_cross_site(request(headers)) is expected


def test_forwarded_origin_of_a_trusted_proxy_is_same_site(settings: Any):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1/32")]
    assert not is_cross_site(request({"Origin": PROXIED, **FORWARDED}))
    assert is_cross_site(request({"Origin": OURS, **FORWARDED}))


def test_forwarded_origin_of_another_peer_is_cross_site():
    assert is_cross_site(request({"Origin": PROXIED, **FORWARDED}))
    assert not is_cross_site(request({"Origin": OURS, "X-Forwarded-Host": "sessions.example"}))


@pytest.mark.parametrize(
    ("forwarded", "origin"),
    [
        ("sessions.example", "http://sessions.example"),
        ("Sessions.Example:8443", "http://sessions.example:8443"),
        ("one.apps.example", "http://one.apps.example"),
        ("evil.example, sessions.example", "http://sessions.example"),
        ("sessions.example, evil.example", OURS),
        ("evil.example", OURS),
        ("evil.example/a?b, ok", OURS),
        ("sessions.example/a?b", OURS),
        ("sessions.example@evil.example", OURS),
        ("sessions.example:port", OURS),
        ("sessions.example,", OURS),
        ("", OURS),
    ],
)
def test_own_origin_is_the_nearest_allowed_forwarded_host(settings: Any, forwarded: str, origin: str):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1/32")]
    assert own_origin(request({"X-Forwarded-Host": forwarded})) == origin
