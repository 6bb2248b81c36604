"""Where the demo's users sign in from: devices, and addresses with places."""

from typing import NamedTuple

from sessions_app import devices


class Place(NamedTuple):
    location: str
    country: str


USER_AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
    " Mobile Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
]
# Ranges for documentation (RFC 5737, RFC 3849), which are nobody's address and on no map, so the places are made up.
PLACES = {
    "192.0.2.{}": Place("Oslo, Norway", "NO"),
    "198.51.100.{}": Place("Berlin, Germany", "DE"),
    "203.0.113.{}": Place("Springfield, United States", "US"),
    "2001:db8:44::{}": Place("London, United Kingdom", "GB"),
    "2001:db8:46::{}": Place("Stockholm, Sweden", "SE"),
}
NETWORKS = [*PLACES, "10.20.0.{}", "192.168.1.{}"]


def place_of(network: str, address: str) -> Place:
    return PLACES.get(network) or Place(devices.locate(address), devices.country(address))
