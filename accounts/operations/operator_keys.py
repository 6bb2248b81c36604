"""The keys in the environment: one for administration, and one for scheduled requests."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from accounts.operations.throttle import Throttled, charge_address
from audit.actions import Action
from audit.operations import record_refusal
from core.access import Origin, Principal
from core.crypto import digest


class KeyRefused(Exception):
    """Neither the key nor another credential that is accepted for it."""


def is_admin_key(candidate: str) -> bool:
    return _matches(candidate, settings.ADMIN_KEY)


def is_cron_secret(candidate: str) -> bool:
    return _matches(candidate, settings.CRON_SECRET)


@contextmanager
def operator_key_attempt(key_name: str, *, origin: Origin) -> Iterator[None]:
    """Throttle and record an attempt to authenticate by key: it counts against its address unless it succeeds."""
    caller = Principal.anonymous(origin, label=key_name)
    try:
        address = charge_address(origin.ip_address)
        yield
    except Throttled:
        record_refusal(Action.ACCESS_DENIED, actor=caller, changes={"reason": "throttled"})
        raise
    except KeyRefused:
        record_refusal(Action.ACCESS_DENIED, actor=caller, changes={"reason": f"wrong {key_name}"})
        raise
    if address:
        address.refund()


def _matches(candidate: str, key: str) -> bool:
    """Compare in constant time. An unset key matches nothing."""
    return hmac.compare_digest(digest(candidate), digest(key)) and bool(key)
