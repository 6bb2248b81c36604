"""The load generator: wrk if it is installed, otherwise clients in Python."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from bench.load.python_clients import PythonClients
from bench.load.result import LoadResult, RequestFailed
from bench.load.wrk import Wrk

__all__ = ["LoadGenerator", "LoadResult", "RequestFailed", "load_generator"]


class LoadGenerator(Protocol):
    name: str

    def send_for(self, port: int, requests: list[str], seconds: float, *, pause: float = 0) -> LoadResult:
        """Send the requests again and again for so long; each client pauses between two requests."""

    def send_count(self, port: int, requests: list[str], count: int) -> LoadResult:
        """Send `count` requests: each in turn, and again from the first one after the last."""


@contextmanager
def load_generator() -> Iterator[LoadGenerator]:
    if command := shutil.which("wrk"):
        with Wrk.start(command) as wrk:
            yield wrk
    else:
        with PythonClients.start() as clients:
            yield clients
