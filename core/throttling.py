"""So many a minute of what costs more than a look: one caller's haste is not everybody's wait."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.access import Principal

MINUTE = 60
_under_way: Counter[str] = Counter()
_lock = threading.Lock()


@contextmanager
def a_turn(most: int, caller: str) -> Iterator[None]:
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


class ExpensiveRequests(BaseThrottle):
    """Counts the actions that a view calls `expensive`, of each caller, in this process: it asks no database."""

    _counted: dict[str, int] = {}
    _since = 0.0
    _lock = threading.Lock()

    def allow_request(self, request: Request, view: Any) -> bool:
        if getattr(view, "action", None) not in getattr(view, "expensive", ()) or not isinstance(
            request.auth, Principal
        ):
            return True
        with self._lock:
            self._start_anew()
            self._counted[request.auth.id] = count = self._counted.get(request.auth.id, 0) + 1
        return count <= settings.EXPENSIVE_REQUESTS_PER_MINUTE

    def wait(self) -> float:
        return max(1.0, self._since + MINUTE - time.monotonic())

    @classmethod
    def _start_anew(cls) -> None:
        if time.monotonic() - cls._since >= MINUTE:
            cls._since = time.monotonic()
            cls._counted.clear()
