"""What a user agent and an address say about a device, in the words a person would use."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from django.db.models import TextChoices
from ua_parser import parse

from sessions_app.geoip import Address, entry_of


class DeviceType(TextChoices):
    BOT = "bot"
    DESKTOP = "desktop"
    MOBILE = "mobile"
    OTHER = "other"
    TABLET = "tablet"
    UNKNOWN = "unknown"


UNKNOWN = DeviceType.UNKNOWN.value
KINDS = tuple(DeviceType.values)
_TABLETS = ("iPad", "Tablet", "Kindle", "Nexus 7", "Nexus 9", "Nexus 10")
_PHONES = ("Android", "iOS", "Windows Phone", "BlackBerry OS", "KaiOS")
_DESKTOPS = ("Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian")
_LOCATION_LENGTH = 128
# From the IANA's registries of special-purpose addresses: what an address is that no map knows.
_SPECIAL = {
    "This machine": ["127.0.0.0/8", "::1/128"],
    "Private network": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
    "Link-local network": ["169.254.0.0/16", "fe80::/10"],
    "Carrier-grade NAT": ["100.64.0.0/10"],
    "Documentation range": ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"],
}
_RANGES = [(ip_network(each), words) for words, ranges in _SPECIAL.items() for each in ranges]


@dataclass(frozen=True, slots=True)
class Device:
    browser: str = ""
    os: str = ""
    device_type: str = ""


@lru_cache(maxsize=4096)
def describe(user_agent: str) -> Device:
    seen = parse(user_agent)
    browser = seen.user_agent.family if seen.user_agent else ""
    system = seen.os.family if seen.os else ""
    family = seen.device.family if seen.device else ""
    return Device(_cut(browser), _cut(system), _kind(user_agent, browser, system, family) if user_agent else "")


def recorded_as(kind: str) -> list[str]:
    """What the rows of such devices say: of one without a user agent, nothing, and it is unknown all the same."""
    return ["", kind] if kind == UNKNOWN else [kind]


def locate(address: str | None) -> str:
    """Where an address is: what it tells by itself, else the city and country of the GeoIP database."""
    if address is None:
        return ""
    parsed = _plain(address)
    return _special(parsed) or _place(entry_of(parsed))


def country(address: str | None) -> str:
    """The ISO code of the country an address is in, as far as the GeoIP database knows."""
    if address is None:
        return ""
    parsed = _plain(address)
    code = "" if _special(parsed) else _text(entry_of(parsed), "country", "iso_code")
    return code.upper() if len(code) == 2 and code.isascii() and code.isalpha() else ""


def _plain(address: str) -> Address:
    parsed = ip_address(address)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _special(address: Address) -> str:
    return next((words for network, words in _RANGES if address in network), "")


def _place(entry: dict[str, Any]) -> str:
    city, land, continent = (_text(entry, level, "names", "en") for level in ("city", "country", "continent"))
    return ", ".join(filter(None, [city, land or continent]))[:_LOCATION_LENGTH]


def _text(entry: Any, *path: str) -> str:
    """What stands at `path`; nothing, where another publisher's database is laid out otherwise."""
    for step in path:
        entry = entry.get(step) if isinstance(entry, dict) else None
    return "".join(filter(str.isprintable, entry)) if isinstance(entry, str) else ""


def _kind(user_agent: str, browser: str, system: str, family: str) -> str:
    if family == "Spider":
        return "bot"
    if any(word in family for word in _TABLETS) or (system == "Android" and "Mobile" not in user_agent):
        return "tablet"
    if system in _PHONES:
        return "mobile"
    if system in _DESKTOPS:
        return "desktop"
    return "other" if browser or system else UNKNOWN


def _cut(name: str) -> str:
    return name[:64]
