"""Validate redirect URIs and origins of browsers. Only one spelling is accepted, so that no two parsers can disagree.

URLs that the server itself fetches are validated by `core.public_urls`.
"""

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

MAX_LENGTH = 2_000
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PLAIN = re.compile(r"[!$&-)+-;=?-Z_a-z~%\[\]]+")  # the characters of RFC 3986, except * and #
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def redirect_uri(text: str) -> str:
    """Validate a redirect URI, which is compared letter by letter and so must have a canonical spelling."""
    _web(_parts(text))
    return text


def origin(text: str) -> str:
    """Validate an origin: scheme, host and port, as browsers send it."""
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
    if len(text) > MAX_LENGTH or not _PLAIN.fullmatch(text):
        raise ValueError("it is too long or has invalid characters")
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.netloc != _netloc(host, parts.port) or not text.startswith(f"{parts.scheme}://{parts.netloc}"):
        raise ValueError("it must not have a user, an empty port or capital letters")
    if _number(host) is None and not _NAME.fullmatch(host):
        raise ValueError("its host is not valid")
    _check_encoding(text)
    return parts


def _netloc(host: str, port: int | None) -> str:
    host_text = f"[{host}]" if ":" in host else host
    return host_text if port is None else f"{host_text}:{port}"


def _number(host: str) -> Address | None:
    """Return a host's IP address, or None if it is a name. An unusual spelling of an address is an error."""
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    address = ipaddress.ip_address(host)
    if str(address) != host:
        raise ValueError("its IP address is not in the usual spelling")
    return address


def _check_encoding(text: str) -> None:
    """Refuse `..` segments and control characters, however often they are percent-encoded."""
    decoded, before = text, ""
    while decoded != before:
        before, decoded = decoded, unquote(decoded, errors="strict")
        if any(letter < " " or letter in "\\\x7f" for letter in decoded) or "%" in re.sub(
            "%[0-9A-Fa-f]{2}", "", before
        ):
            raise ValueError("it has an invalid character")
        if any(segment in (".", "..") for segment in re.split(r"[/?&=;]", decoded)):
            raise ValueError("its path must not have .. segments")
