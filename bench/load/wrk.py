"""A load generator that runs wrk, with one thread and a few persistent connections; it needs very little CPU."""

import math
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from bench.load.result import LoadResult, RequestFailed

CONNECTIONS = 8
TIMEOUT = 600  # seconds
SCRIPT = Path(__file__).with_name("wrk.lua")


class Wrk:
    name = f"wrk, {CONNECTIONS} connections"

    def __init__(self, command: str, folder: str) -> None:
        self.command, self.folder = command, folder

    @classmethod
    @contextmanager
    def start(cls, command: str) -> Iterator["Wrk"]:
        with tempfile.TemporaryDirectory() as folder:
            yield cls(command, folder)

    def send_for(self, port: int, requests: list[str], seconds: float, *, pause: float = 0) -> LoadResult:
        count, microseconds, p99 = self._run(port, requests, math.ceil(seconds), "for", round(pause * 1000))
        return LoadResult(int(count), microseconds / 1e6, p99 / 1000)

    def send_count(self, port: int, requests: list[str], count: int) -> LoadResult:
        start = perf_counter()
        self._run(port, requests, TIMEOUT, "times", count)
        return LoadResult(count, perf_counter() - start, 0)

    def _run(self, port: int, requests: list[str], seconds: int, mode: str, number: int) -> list[float]:
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as file:
            file.write("\0".join(requests))
            file.flush()
            command = [self.command, "--threads", "1", "--connections", str(CONNECTIONS)]
            command += ["--duration", f"{seconds}s", "--timeout", f"{TIMEOUT}s", "--script", str(SCRIPT)]
            command += [f"http://127.0.0.1:{port}", "--", file.name, mode, str(number)]
            process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        lines = process.stdout.splitlines()
        fields = next((line.split() for line in lines if line.startswith("answered ")), None)
        if process.returncode or fields is None or fields[-1] != "0":
            raise RequestFailed(f"{requests[0].splitlines()[0]}: {process.stdout[-500:]} {process.stderr[-500:]}")
        return [float(field) for field in fields[1:-1]]
