"""So many a minute of what costs more than a look: one caller's haste is not everybody's wait."""

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
SEARCHES_AT_ONCE = 2
# The first turn that nobody has: LIMIT ends it there.
_TAKE_A_TURN = """
    SELECT turn FROM generate_series(1, %s) turn WHERE pg_try_advisory_xact_lock(hashtext(%s), turn) LIMIT 1
"""
_under_way: Counter[str] = Counter()
_lock = threading.Lock()


@contextmanager
def concurrency_limit(most: int, caller: str) -> Iterator[None]:
    """So many at once of what may take its time, of one caller in this process; further ones are turned away."""
    with _lock:
        if _under_way[caller] >= most:
            raise Throttled(wait=1)
        _under_way[caller] += 1
    try:
        yield
    finally:
        with _lock:
            _under_way[caller] -= 1
            if not _under_way[caller]:
                del _under_way[caller]


@contextmanager
def a_turn_to_search(caller: str) -> Iterator[None]:
    """For what may have to look at every row: a caller has SEARCHES_AT_ONCE under way, whichever process they reach.

    A turn is a lock of the transaction's, so that it ends with the search however that ends.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_A_TURN, [SEARCHES_AT_ONCE, f"search {caller}"])
        if not cursor.fetchone():
            raise Throttled(wait=1)
        yield


class ExpensiveRequests(BaseThrottle):
    """Counts the actions that a view calls `expensive`, of each caller, in this process: it asks no database."""

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
            cls._start_anew()
            cls._counted[principal.id] = count = cls._counted.get(principal.id, 0) + 1
        return count <= settings.EXPENSIVE_REQUESTS_PER_MINUTE

    @classmethod
    def _start_anew(cls) -> None:
        if time.monotonic() - cls._since >= MINUTE:
            cls._since = time.monotonic()
            cls._counted.clear()


def throttle(principal: Principal, view: Any, action: str) -> None:
    """Count an action of a view's class that is called without a request."""
    if action in view.expensive and not ExpensiveRequests.allow(principal):
        raise Throttled(ExpensiveRequests().wait())
