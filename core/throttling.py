"""So many a minute of what costs more than a look: one caller's haste is not everybody's wait."""

import threading
import time
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.access import Principal

MINUTE = 60


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
