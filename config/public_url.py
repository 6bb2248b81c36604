"""Web addresses in the settings: the public URL, and the origins that may call the API."""

import ipaddress
import re

from django.core.exceptions import ImproperlyConfigured

# First segments of our own paths. A prefix must not begin with one: a proxy may strip the prefix or keep it, and then
# nobody could tell which.
OUR_SEGMENTS = (
    *(".well-known", "account", "api", "console", "docs", "edge", "healthz", "openapi", "openapi.json", "readyz"),
    *("redoc", "reset-password", "static", "version"),
)
DEFAULT_PORTS = {"http": 80, "https": 443}
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(?P<path>/[^?#\s]*)?", re.I
)


def public_url(name: str, value: str) -> str:
    """Validate a public URL, and return it without a trailing slash."""
    origin, path = parts(name, value)
    first = path.strip("/").partition("/")[0]
    if first in OUR_SEGMENTS:
        raise ImproperlyConfigured(
            f"{name} has a path that begins with /{first}, as do Curfew's own URLs, so a"
            " proxy could not tell them apart. Use another path, such as /curfew."
        )
    return f"{origin}{path}"


def web_origin(name: str, value: str) -> str:
    """Validate an origin, and return it as browsers send it in `Origin`, which is compared exactly."""
    origin, path = parts(name, value.strip())
    if path:
        raise ImproperlyConfigured(f"{name} takes origins, which have no path: {value} has one.")
    return origin


def parts(name: str, value: str) -> tuple[str, str]:
    """Return the origin, in lower case and without a default port, and the path without a trailing slash."""
    address = ADDRESS.fullmatch(value)
    port = int(address["port"] or 0) if address else 0
    if address is None or port > 65535:
        redacted = re.sub(r"//.*@", "//...@", value)  # it may hold a password
        raise ImproperlyConfigured(
            f"{name} is not a valid web address: {redacted}. It consists of https:// or http://, a host in ASCII, and"
            " optionally a port and a path, without user, query or fragment."
        )
    scheme, host = address["scheme"].lower(), shortest_form(address["host"].lower())
    is_default = port in (0, DEFAULT_PORTS[scheme])
    return f"{scheme}://{host}" if is_default else f"{scheme}://{host}:{port}", (address["path"] or "").rstrip("/")


def shortest_form(host: str) -> str:
    """Return an IPv6 address in its shortest form, which is the one that browsers send."""
    try:
        return f"[{ipaddress.IPv6Address(host.strip('[]'))}]"
    except ValueError:
        return host
