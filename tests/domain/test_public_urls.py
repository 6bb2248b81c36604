"""URLs that the server fetches for others must be public: private and malformed ones are refused."""

import pytest

from core.public_urls import MAX_LENGTH, public_https_url
from tests.cells import cells

GOOD = [
    "https://login.idp.example/",
    "https://login.idp.example",
    "https://login.idp.example:443/.well-known/openid-configuration",
    "https://login.idp.example:8443/a/b?c=d&e=%2F",
    "https://LOGIN.idp.example/Tenant@home",
    "https://xn--bcher-kva.example/",
    "https://1.idp.example/",
    "https://127.0.0.1.idp.example/",
]
ADDRESSES = [
    *("127.0.0.1", "0.0.0.0", "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "8.8.8.8"),
    *("[::1]", "[::]", "[fd00::1]", "[fe80::1]", "[fe80::1%25eth0]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2606:4700::1111]", "::1"),
    *("2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "127.0.0.1."),
    *("0x7f.0x0.0x0.0x1", "1.1", "0X7F.1", "127.0.0.0x1", "%31%32%37.0.0.1", "127%2e0.0.1"),
    *("\N{FULLWIDTH DIGIT ONE}27.0.0.1", "127\N{IDEOGRAPHIC FULL STOP}0.0.1", "\N{CIRCLED DIGIT ONE}27.0.0.1"),
]
NAMES = [
    *("localhost", "localhost.", "LOCALHOST", "a.localhost", "localhost.localdomain", "printer.local", "a.internal"),
    *("metadata.google.internal", "intranet", "router", "nas.lan", "x.home.arpa", "1.0.0.127.in-addr.arpa", "a.onion"),
    *("kubernetes.default.svc", "vault.service.consul", "db.lxd", "x.docker", "a.intra", "a.localnet", "nas.fritz.box"),
    *("a.localdomain6", "db.cluster"),
    *(
        "idp.example.",
        "idp..example",
        ".example",
        "-a.example",
        "a-.example",
        "a_b.example",
        "*.example",
        "a b.example",
    ),
    *("", "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", f"{'a' * 64}.example", f"{'a.' * 127}example"),
]
OTHERS = [
    *("http://idp.example/", "ftp://idp.example/", "file:///etc/passwd", "gopher://idp.example/", "//idp.example/"),
    *("javascript:alert(1)", "data:text/html,x", "https:idp.example", "https:/idp.example", "https:///idp.example"),
    *(
        "HTTPS://idp.example/",
        "https:\\\\idp.example",
        "https://idp.example\\@127.0.0.1/",
        "/idp.example",
        "idp.example",
    ),
    *(
        "https://good.example@evil.example/",
        "https://a:b@idp.example/",
        "https://@idp.example/",
        "https://:@a.example/",
    ),
    *("https://idp.example:80/", "https://idp.example:22/", "https://idp.example:0443/", "https://idp.example:/"),
    *("https://idp.example:443:443/", "https://idp.example:-1/", "https://idp.example:443@127.0.0.1/"),
    *("https://idp.example/#x", "https://idp.example#@127.0.0.1/", " https://idp.example/", "https://idp.example/ "),
    *("https://idp.example/*", "https://idp.example/?a=*"),
    *("https://idp.example/\n", "https://idp.example/\r\nHost: x", "https://idp.example/\t", "https://idp.example/\0"),
    *("https://idp.ex\tample/", "https://idp.example/\N{SNOWMAN}", "jav\nascript:alert(1)", "", "https://"),
    f"https://idp.example/{'a' * MAX_LENGTH}",
]
HOSTILE = [*(f"https://{host}/" for host in [*ADDRESSES, *NAMES]), *OTHERS]


@cells("url", GOOD)
def test_public_https_url_is_accepted_unchanged(url: str):
    assert public_https_url(url) == url


@cells("url", HOSTILE, ids=ascii)
def test_private_or_malformed_url_is_refused(url: str):
    with pytest.raises(ValueError, match=r"^its? "):
        public_https_url(url)
