"""Web addresses in the settings: where we are reached, and whose pages may call us."""

import ipaddress
import re

from django.core.exceptions import ImproperlyConfigured

# Where each of our own paths begins. A proxy may take the prefix off or leave it on: were they the same, nobody could
# tell which of the two it has done.
OUR_SEGMENTS = (
    *(".well-known", "account", "api", "console", "docs", "edge", "healthz", "openapi", "openapi.json", "readyz"),
    *("redoc", "reset-password", "static", "version"),
)
DEFAULT_PORTS = {"http": 80, "https": 443}
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(?P<path>/[^?#\s]*)?", re.I
)


def public_url(name: str, value: str) -> str:
    """Without the slash at its end, if it has one."""
    origin, path = parts(name, value)
    first = path.strip("/").partition("/")[0]
    if first in OUR_SEGMENTS:
        raise ImproperlyConfigured(
            f"{name} has a path that begins with /{first}, and so have addresses of Curfew's own, which a proxy could"
            " not tell apart from it. Take another path, such as /curfew."
        )
    return f"{origin}{path}"


def web_origin(name: str, value: str) -> str:
    """As browsers spell it in `Origin`, which is compared letter by letter."""
    origin, path = parts(name, value.strip())
    if path:
        raise ImproperlyConfigured(f"{name} takes origins, which have no path: {value} has one.")
    return origin


def parts(name: str, value: str) -> tuple[str, str]:
    """The origin, in small letters and without its scheme's own port, and the path without a slash at its end."""
    address = ADDRESS.fullmatch(value)
    port = int(address["port"] or 0) if address else 0
    if address is None or port > 65535:
        shown = re.sub(r"//.*@", "//...@", value)  # what stands before it may be a password
        raise ImproperlyConfigured(
            f"{name} is not a valid web address: {shown}. It consists of https:// or http://, a host in ASCII, and"
            " optionally a port and a path, without user, query or fragment."
        )
    scheme, host = address["scheme"].lower(), plainest(address["host"].lower())
    is_default = port in (0, DEFAULT_PORTS[scheme])
    return f"{scheme}://{host}" if is_default else f"{scheme}://{host}:{port}", (address["path"] or "").rstrip("/")


def plainest(host: str) -> str:
    """An IPv6 address has many spellings, of which browsers use the shortest."""
    try:
        return f"[{ipaddress.IPv6Address(host.strip('[]'))}]"
    except ValueError:
        return host
