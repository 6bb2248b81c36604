"""Limits for expensive requests, so that one caller cannot slow down all others."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.access import Principal

MINUTE = 60
MAX_SEARCHES = 2
# Takes the first free slot: LIMIT stops at the first lock that succeeds.
_TAKE_SLOT = """
    SELECT slot FROM generate_series(1, %s) slot WHERE pg_try_advisory_xact_lock(hashtext(%s), slot) LIMIT 1
"""
_running: Counter[str] = Counter()
_lock = threading.Lock()


@contextmanager
def concurrency_limit(maximum: int, caller: str) -> Iterator[None]:
    """Limit how many slow requests of a caller run at once in this process; further ones are refused."""
    with _lock:
        if _running[caller] >= maximum:
            raise Throttled(wait=1)
        _running[caller] += 1
    try:
        yield
    finally:
        with _lock:
            _running[caller] -= 1
            if not _running[caller]:
                del _running[caller]


@contextmanager
def search_limit(caller: str) -> Iterator[None]:
    """Limit how many searches that may scan every row a caller runs at once, across all processes.

    A slot is a lock of the transaction, so it is released however the search ends.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_SLOT, [MAX_SEARCHES, f"search {caller}"])
        if not cursor.fetchone():
            raise Throttled(wait=1)
        yield


class ExpensiveRequests(BaseThrottle):
    """Limit the actions that a view lists as `expensive`, per caller and process, without a query."""

    _counted: dict[str, int] = {}
    _since = 0.0
    _lock = threading.Lock()

    def allow_request(self, request: Request, view: Any) -> bool:
        is_counted = getattr(view, "action", None) in getattr(view, "expensive", ())
        return not is_counted or not isinstance(request.auth, Principal) or self.allow(request.auth)

    def wait(self) -> float:
        return max(1.0, self._since + MINUTE - time.monotonic())

    @classmethod
    def allow(cls, principal: Principal) -> bool:
        with cls._lock:
            cls._reset_each_minute()
            cls._counted[principal.id] = count = cls._counted.get(principal.id, 0) + 1
        return count <= settings.EXPENSIVE_REQUESTS_PER_MINUTE

    @classmethod
    def _reset_each_minute(cls) -> None:
        if time.monotonic() - cls._since >= MINUTE:
            cls._since = time.monotonic()
            cls._counted.clear()


def throttle(principal: Principal, view: Any, action: str) -> None:
    """Count an action of a view's class that is called without a request."""
    if action in view.expensive and not ExpensiveRequests.allow(principal):
        raise Throttled(ExpensiveRequests().wait())
