"""The keys that an operator keeps in the environment: one to administer with, and one for what calls by the clock."""

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
    """Not the key, nor anything else that would do in its place."""


def is_admin_key(given: str) -> bool:
    return _is(given, settings.ADMIN_KEY)


def is_cron_secret(given: str) -> bool:
    return _is(given, settings.CRON_SECRET)


@contextmanager
def operator_key_attempt(what: str, *, origin: Origin) -> Iterator[None]:
    """While it is looked at. The attempt is charged to where it comes from until it turns out to be right, so that
    nobody tries many; what is refused is on record."""
    nobody = Principal.anonymous(origin, label=what)
    try:
        address = charge_address(origin.ip_address)
        yield
    except Throttled:
        record_refusal(Action.ACCESS_DENIED, actor=nobody, changes={"reason": "throttled"})
        raise
    except KeyRefused:
        record_refusal(Action.ACCESS_DENIED, actor=nobody, changes={"reason": f"wrong {what}"})
        raise
    if address:
        address.refund()


def _is(given: str, key: str) -> bool:
    """How long it takes tells nothing of either; and where there is no key, nothing is it."""
    return hmac.compare_digest(digest(given), digest(key)) and bool(key)
