"""Who asks the servers: wrk where it is installed, else clients in Python."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from bench.load.answers import Answers, NotAnswered
from bench.load.python import PythonClients
from bench.load.wrk import Wrk

__all__ = ["Answers", "Load", "NotAnswered", "load"]


class Load(Protocol):
    name: str

    def ask(self, port: int, requests: list[str], seconds: float, *, pause: float = 0) -> Answers:
        """Ask these again and again for so long, each client waiting `pause` seconds between two."""

    def ask_times(self, port: int, requests: list[str], count: int) -> Answers:
        """Ask so many, one after the other, and from the start again when they are through."""


@contextmanager
def load() -> Iterator[Load]:
    if command := shutil.which("wrk"):
        with Wrk.ready(command) as wrk:
            yield wrk
    else:
        with PythonClients.ready() as clients:
            yield clients
