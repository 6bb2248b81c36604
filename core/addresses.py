"""Addresses that browsers are sent to or come from: taken in their plainest spelling only, so that no two readers can
differ about them. What the server fetches itself is for `core.public_urls`."""

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

LONGEST = 2_000
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PLAIN = re.compile(r"[!$&-)+-;=?-Z_a-z~%\[\]]+")  # what RFC 3986 has in an address, but for * and #
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
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
        raise ValueError("an origin must not have a path")
    if parts.port == {"http": 80, "https": 443}[parts.scheme]:
        raise ValueError("an origin must not name the default port")
    return text


def _web(parts: SplitResult) -> None:
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("it must begin with https://, or with http:// and a loopback address")


def _parts(text: str) -> SplitResult:
    if len(text) > LONGEST or not _PLAIN.fullmatch(text):
        raise ValueError("it is too long or has invalid characters")
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.netloc != _netloc(host, parts.port) or not text.startswith(f"{parts.scheme}://{parts.netloc}"):
        raise ValueError("it must not have a user, an empty port or capital letters")
    if _number(host) is None and not _NAME.fullmatch(host):
        raise ValueError("its host is not valid")
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
        raise ValueError("its IP address is not in the usual spelling")
    return address


def _look_through(text: str) -> None:
    """However often it is encoded: no step upwards, and nothing that ends a line."""
    plain, before = text, ""
    while plain != before:
        before, plain = plain, unquote(plain, errors="strict")
        if any(letter < " " or letter in "\\\x7f" for letter in plain) or "%" in re.sub("%[0-9A-Fa-f]{2}", "", before):
            raise ValueError("it has an invalid character")
        if any(step in (".", "..") for step in re.split(r"[/?&=;]", plain)):
            raise ValueError("its path must not have .. segments")
