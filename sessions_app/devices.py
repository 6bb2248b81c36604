"""What a user agent and an address say about a device, in the words a person would use."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from ua_parser import parse

_TABLETS = ("iPad", "Tablet", "Kindle", "Nexus 7", "Nexus 9", "Nexus 10")
_PHONES = ("Android", "iOS", "Windows Phone", "BlackBerry OS", "KaiOS")
_DESKTOPS = ("Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian")


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


def locate(address: str | None) -> str:
    """Where an address is, as far as it tells by itself."""
    if address is None:
        return ""
    parsed = ipaddress.ip_address(address)
    if parsed.is_loopback:
        return "This machine"
    return "Private network" if parsed.is_private else ""


def _kind(user_agent: str, browser: str, system: str, family: str) -> str:
    if family == "Spider":
        return "bot"
    if any(word in family for word in _TABLETS) or (system == "Android" and "Mobile" not in user_agent):
        return "tablet"
    if system in _PHONES:
        return "mobile"
    if system in _DESKTOPS:
        return "desktop"
    return "other" if browser or system else "unknown"


def _cut(name: str) -> str:
    return name[:64]
