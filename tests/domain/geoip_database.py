"""Writes small GeoIP databases in MaxMind's format, with entries of the test's choice."""

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

LONDON: dict[str, Any] = {
    "city": {"names": {"de": "London", "en": "London"}},
    "continent": {"names": {"en": "Europe"}},
    "country": {"iso_code": "GB", "names": {"de": "Großbritannien", "en": "United Kingdom"}},
}
SWEDEN: dict[str, Any] = {"country": {"iso_code": "SE", "names": {"en": "Sweden"}}}
EUROPE: dict[str, Any] = {"continent": {"names": {"en": "Europe"}}}
KNOWN = {"81.2.69.0/24": LONDON, "89.160.20.0/24": SWEDEN, "2001:218::/32": SWEDEN, "5.1.0.0/16": EUROPE}


def write_database(path: Path, known: dict[str, Any] | None = None, *, version: int = 6) -> str:
    writer = MMDBWriter(version, "Test-City", languages=["en"], ipv4_compatible=version == 6)
    for network, entry in (KNOWN if known is None else known).items():
        writer.insert_network(IPSet([network]), entry)
    writer.to_db_file(str(path))
    return str(path)
