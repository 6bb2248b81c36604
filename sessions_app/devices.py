"""Describe a device by its user agent and its IP address."""

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
# From the IANA's registries of special-purpose addresses, which no GeoIP database locates.
_SPECIAL = {
    "This machine": ["127.0.0.0/8", "::1/128"],
    "Private network": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
    "Link-local network": ["169.254.0.0/16", "fe80::/10"],
    "Carrier-grade NAT": ["100.64.0.0/10"],
    "Documentation range": ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"],
}
_RANGES = [(ip_network(each), label) for label, ranges in _SPECIAL.items() for each in ranges]


@dataclass(frozen=True, slots=True)
class Device:
    browser: str = ""
    os: str = ""
    device_type: str = ""


@lru_cache(maxsize=4096)
def describe(user_agent: str) -> Device:
    parsed = parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else ""
    system = parsed.os.family if parsed.os else ""
    family = parsed.device.family if parsed.device else ""
    return Device(_cut(browser), _cut(system), _kind(user_agent, browser, system, family) if user_agent else "")


def recorded_as(kind: str) -> list[str]:
    """Return the values that rows hold for a kind of device. A row without a user agent is empty, meaning unknown."""
    return ["", kind] if kind == UNKNOWN else [kind]


def locate(address: str | None) -> str:
    """Return what kind of special address this is, or else its city and country by the GeoIP database."""
    if address is None:
        return ""
    parsed = _plain(address)
    return _special(parsed) or _city_and_country(entry_of(parsed))


def country(address: str | None) -> str:
    """Return the ISO code of an address's country, if the GeoIP database has one."""
    if address is None:
        return ""
    parsed = _plain(address)
    code = "" if _special(parsed) else _text(entry_of(parsed), "country", "iso_code")
    return code.upper() if len(code) == 2 and code.isascii() and code.isalpha() else ""


def _plain(address: str) -> Address:
    parsed = ip_address(address)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _special(address: Address) -> str:
    return next((label for network, label in _RANGES if address in network), "")


def _city_and_country(entry: dict[str, Any]) -> str:
    city, country_name, continent = (_text(entry, level, "names", "en") for level in ("city", "country", "continent"))
    return ", ".join(filter(None, [city, country_name or continent]))[:_LOCATION_LENGTH]


def _text(entry: Any, *path: str) -> str:
    """Return the text at `path`, or "" in databases of other publishers that have no such path."""
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
