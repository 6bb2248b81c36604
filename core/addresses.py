"""Addresses that are kept: taken in their plainest spelling only, so that no two readers can differ about them.

What the server will fetch itself is public and encrypted besides. Whoever fetches looks at what the name resolves to
once more, with `is_public`, and connects to that.
"""

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

LONGEST = 2_000
FETCHED_PORTS = (None, 443, 8443)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "invalid", "test", "onion")
_PLAIN = re.compile(r"[!$&-)+-;=?-Z_a-z~%\[\]]+")  # what RFC 3986 has in an address, but for * and #
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CARRYING = [  # addresses of version 6 that lead to one of version 4
    ipaddress.ip_network(each)
    for each in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def redirect_uri(text: str) -> str:
    """Where a browser may be sent: compared letter by letter, so it must say one thing in one way."""
    _web(_parts(text))
    return text


def origin(text: str) -> str:
    """Scheme, host and port, as browsers write it."""
    parts = _parts(text)
    _web(parts)
    if text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("an origin has no path")
    if parts.port == {"http": 80, "https": 443}[parts.scheme]:
        raise ValueError("no browser names the usual port")
    return text


def fetched_url(text: str) -> str:
    """What this server will ask for itself: https, on a usual port, of a host that the whole world can reach."""
    parts = _parts(text)
    host = parts.hostname or ""
    if parts.scheme != "https" or parts.port not in FETCHED_PORTS:
        raise ValueError("only https, on port 443 or 8443")
    number = _number(host)
    if number and not is_public(number):
        raise ValueError("not a public address")
    if not number and ("." not in host or any(host == name or host.endswith(f".{name}") for name in _PRIVATE_NAMES)):
        raise ValueError("not a public name")
    return text


def is_public(address: Address) -> bool:
    """Of the whole world, and not by way of another address in disguise."""
    if address.is_multicast or any(address.version == each.version and address in each for each in _CARRYING):
        return False
    return address.is_global


def _web(parts: SplitResult) -> None:
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("https, or http on this very machine")


def _parts(text: str) -> SplitResult:
    if len(text) > LONGEST or not _PLAIN.fullmatch(text):
        raise ValueError("too long, or letters that do not belong in an address")
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.netloc != _netloc(host, parts.port) or not text.startswith(f"{parts.scheme}://{parts.netloc}"):
        raise ValueError("a user, an empty port, or capitals where there should be none")
    if _number(host) is None and not _NAME.fullmatch(host):
        raise ValueError("not a host")
    _look_through(text)
    return parts


def _netloc(host: str, port: int | None) -> str:
    named = f"[{host}]" if ":" in host else host
    return named if port is None else f"{named}:{port}"


def _number(host: str) -> Address | None:
    """The address that a host is; None if it is a name. A number in any other spelling is neither."""
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    address = ipaddress.ip_address(host)
    if str(address) != host:
        raise ValueError("an address in an odd spelling")
    return address


def _look_through(text: str) -> None:
    """However often it is encoded: no step upwards, and nothing that ends a line."""
    plain, before = text, ""
    while plain != before:
        before, plain = plain, unquote(plain, errors="strict")
        if any(letter < " " or letter in "\\\x7f" for letter in plain) or "%" in re.sub("%[0-9A-Fa-f]{2}", "", before):
            raise ValueError("a letter that does not belong in an address")
        if any(step in (".", "..") for step in re.split(r"[/?&=;]", plain)):
            raise ValueError("a step upwards")
