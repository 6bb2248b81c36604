"""The panel's names for a browser, an operating system and a kind of device.

They are the original's, which looks for words in the user agent in a fixed order, and so are its surprises: an iPhone's
agent mentions Mac OS X, and an Android's mentions Linux. The stored columns and the other APIs have more exact names.
"""

from typing import NamedTuple

from sessions_app.api.panel.serializers import UNKNOWN

_SYSTEMS = {
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iOS",
}
_EDGE_OR_FIREFOX = {"Firefox": "Firefox", "Edg": "Edge"}
_NO_CHROMIUM = {"Firefox": "Firefox", "Safari": "Safari", "Edg": "Edge", "Opera": "Opera"}
_DEVICES = {"Mobile": "Mobile", "Android": "Mobile", "Tablet": "Tablet", "iPad": "Tablet"}


class Agent(NamedTuple):
    browser: str
    os: str
    device: str


def describe(user_agent: str) -> Agent:
    return Agent(_browser(user_agent), _first(_SYSTEMS, user_agent, UNKNOWN), _first(_DEVICES, user_agent, "Desktop"))


def _browser(agent: str) -> str:
    """Return the browser. Of the browsers based on Chromium, only Edge is recognised."""
    is_chromium = "Chrome" in agent
    if is_chromium and "Edg" not in agent:
        return "Chrome"
    return _first(_EDGE_OR_FIREFOX if is_chromium else _NO_CHROMIUM, agent, UNKNOWN)


def _first(names: dict[str, str], agent: str, default: str) -> str:
    return next((name for word, name in names.items() if word in agent), default)
