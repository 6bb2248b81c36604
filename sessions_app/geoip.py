"""Read the MaxMind-format database at GEOIP_PATH. It is mapped into memory once; any error means no location."""

import logging
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import maxminddb
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004 - Django's word

Address = IPv4Address | IPv6Address

log = logging.getLogger(__name__)


def entry_of(address: Address) -> dict[str, Any]:
    """Return the database's entry for an address, or {} if it has none."""
    reader = _reader(settings.GEOIP_PATH)
    if reader is None:
        return {}
    try:
        entry = reader.get(address)
    except (
        ValueError,
        maxminddb.InvalidDatabaseError,
    ) as error:  # an IPv6 address in an IPv4 database, or damaged pages
        log.warning("%s has no entry for %s: %s", settings.GEOIP_PATH, address, error)
        return {}
    return entry if isinstance(entry, dict) else {}


@register()
def check_geoip(**_: Any) -> list[CheckMessage]:
    problem = _problem(settings.GEOIP_PATH)
    hint = "Sessions have no location until GEOIP_PATH names a readable database or is unset."
    return [Warning(problem, hint=hint, id="sessions_app.W001")] if problem else []


@lru_cache(maxsize=1)
def _reader(path: str) -> maxminddb.Reader | None:
    problem = _problem(path)
    if problem:
        log.warning(problem)
    return maxminddb.open_database(path) if path and not problem else None


def _problem(path: str) -> str | None:
    if not path:
        return None
    try:
        maxminddb.open_database(path).close()
    except OSError as error:
        return f"GEOIP_PATH cannot be used: {path}: {error.strerror}"
    except (ValueError, maxminddb.InvalidDatabaseError):
        return f"GEOIP_PATH cannot be used: {path} is not a complete database in MaxMind's format"
    return None
