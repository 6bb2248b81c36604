"""Validate URLs that this server will fetch: https, a usual port and a public host name.

The name is not resolved when it is stored, since it may resolve differently later (decision 0034).
"""

import re
from urllib.parse import urlsplit

MAX_LENGTH = 2048
PORTS = ("443", "8443")
_PLAIN = re.compile(r"[!$&-)+-;=?-Z_a-z~%]+")  # the characters of RFC 3986, except fragments, brackets and stars
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRIVATE_NAMES = frozenset(
    (
        *("arpa", "box", "cluster", "consul", "corp", "docker", "home", "internal", "intra", "intranet", "invalid"),
        *("lan", "local", "localdomain", "localdomain6", "localhost", "localnet", "lxd", "onion", "private", "svc"),
        "test",
    )
)


def public_https_url(text: str) -> str:
    """Return the URL, or raise a ValueError that says what is wrong with it."""
    if len(text) > MAX_LENGTH or not _PLAIN.fullmatch(text):
        raise ValueError("it is too long or has invalid characters")
    if not text.startswith("https://"):
        raise ValueError("it must begin with https://")
    netloc = urlsplit(text).netloc
    host, colon, port = netloc.partition(":")
    if "@" in netloc or (colon and port not in PORTS):
        raise ValueError("it must not have a user, or a port other than 443 and 8443")
    labels = host.lower().split(".")
    if _NUMBER.fullmatch(labels[-1]):
        raise ValueError("its host must be a name, not an IP address")
    if len(host) > 253 or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)) or labels[-1] in _PRIVATE_NAMES:
        raise ValueError("its host must be a public name")
    return text
