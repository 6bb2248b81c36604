"""Validators of redirect URIs, origins and public URLs. An ambiguous address is refused."""

from collections.abc import Callable

from core.addresses import origin, redirect_uri
from core.public_urls import public_https_url
from tests.cells import cells

RULES = {"redirect": redirect_uri, "origin": origin}
HOSTILE = [
    "",
    "null",
    "https://",
    "//app.example/",
    "app.example",
    "https:app.example",
    "https:///callback",
    "ftp://app.example/",
    "file:///etc/passwd",
    "gopher://app.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://app.example/",
    "HTTPS://app.example/",
    "https://APP.example/",
    "https://app.example./",
    "https://good@evil.example/",
    "https://good:pass@evil.example/",
    "https://app.example#fragment",
    "https://app.example/#",
    "https://*.example/",
    "https://app.example/*",
    "https://app.example/../admin",
    "https://app.example/a/./b",
    "https://app.example/%2e%2e/admin",
    "https://app.example/%252E%252e/admin",
    "https://app.example/%0d%0aSet-Cookie:x",
    "https://app.example/\r\nx",
    "https://app.example/\tx",
    "https://app.example/ x",
    "https://app.example/%00",
    "https://app.example/%zz",
    "https://app.example\\@evil.example/",
    "https://app.example/%5c",
    "https://\u00e4pp.example/",
    "https://app_1.example/",
    "https://-app.example/",
    "https://app.example:/",
    "https://app.example:0443/",
    "https://app.example:99999/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::FFFF:127.0.0.1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[app.example]/",
    f"https://app.example/{'x' * 2000}",
]
INNER = [
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://[ff02::1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://localhost/",
    "https://api.localhost/",
    "https://intranet/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://app.example:22/",
    "https://app.example:80/",
    "http://app.example/logout",
    "http://localhost/logout",
]


def is_taken(rule: Callable[[str], str], address: str) -> bool:
    try:
        return rule(address) == address
    except ValueError:
        return False


@cells("rule", RULES)
@cells("address", HOSTILE, ids=lambda address: repr(address)[:60])
def test_hostile_address_is_refused_by_every_validator(address: str, rule: str):
    assert not is_taken(RULES[rule], address)


@cells("address", INNER)
def test_internal_address_is_no_public_https_url(address: str):
    assert not is_taken(public_https_url, address)


@cells(
    "address",
    [
        "https://app.example",
        "https://app.example/callback?x=1&y=%20z",
        "https://app.example:8443/a/b..c/~d",
        "http://localhost:3000/callback",
        "http://127.0.0.1/",
        "http://[::1]:80/callback",
        "https://192.0.2.1/callback",
    ],
)
def test_redirect_uri_accepts_https_and_localhost(address: str):
    assert redirect_uri(address) == address


def test_redirect_uri_with_a_registered_prefix_stays_distinct():
    """URIs are compared as a whole: these are valid, but not the registered one."""
    registered = "https://app.example.com/callback"
    for other in ("https://app.example.com.evil.example/callback", f"{registered}/", f"{registered}?x"):
        assert redirect_uri(other) != registered


@cells("address", ["https://app.example", "https://app.example:8443", "http://localhost:3000"])
def test_origin_is_scheme_host_and_port_only(address: str):
    assert origin(address) == address
    assert not any(is_taken(origin, address + more) for more in ("/", "/path", "?a=b"))


@cells("address", ["https://app.example:443", "http://localhost:80"])
def test_origin_with_a_default_port_is_refused(address: str):
    assert not is_taken(origin, address)


@cells(
    "address",
    ["https://idp.example/jwks", "https://idp.example:443/", "https://idp.example:8443/?a"],
)
def test_public_https_url_is_accepted(address: str):
    assert public_https_url(address) == address
