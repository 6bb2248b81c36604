"""Where the demo's users sign in from: devices, and addresses with locations."""

from typing import NamedTuple

from sessions_app import devices


class Location(NamedTuple):
    name: str
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
# Ranges for documentation (RFC 5737, RFC 3849), which no GeoIP database has, so these locations are invented.
LOCATIONS = {
    "192.0.2.{}": Location("Oslo, Norway", "NO"),
    "198.51.100.{}": Location("Berlin, Germany", "DE"),
    "203.0.113.{}": Location("Springfield, United States", "US"),
    "2001:db8:44::{}": Location("London, United Kingdom", "GB"),
    "2001:db8:46::{}": Location("Stockholm, Sweden", "SE"),
}
NETWORKS = [*LOCATIONS, "10.20.0.{}", "192.168.1.{}"]


def location_of(network: str, address: str) -> Location:
    return LOCATIONS.get(network) or Location(devices.locate(address), devices.country(address))
