"""The load from wrk: one thread, a few kept connections. It costs the machine next to nothing."""

import math
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from bench.load.answers import Answers, NotAnswered

CONNECTIONS = 8
LONGEST = 600  # seconds
SCRIPT = Path(__file__).with_name("wrk.lua")


class Wrk:
    name = f"wrk, {CONNECTIONS} connections"

    def __init__(self, command: str, folder: str) -> None:
        self.command, self.folder = command, folder

    @classmethod
    @contextmanager
    def ready(cls, command: str) -> Iterator["Wrk"]:
        with tempfile.TemporaryDirectory() as folder:
            yield cls(command, folder)

    def ask(self, port: int, requests: list[str], seconds: float, *, pause: float = 0) -> Answers:
        count, microseconds, p99 = self._run(port, requests, math.ceil(seconds), "for", round(pause * 1000))
        return Answers(int(count), microseconds / 1e6, p99 / 1000)

    def ask_times(self, port: int, requests: list[str], count: int) -> Answers:
        since = perf_counter()
        self._run(port, requests, LONGEST, "times", count)
        return Answers(count, perf_counter() - since, 0)

    def _run(self, port: int, requests: list[str], seconds: int, how: str, number: int) -> list[float]:
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as file:
            file.write("\0".join(requests))
            file.flush()
            command = [self.command, "--threads", "1", "--connections", str(CONNECTIONS)]
            command += ["--duration", f"{seconds}s", "--timeout", f"{LONGEST}s", "--script", str(SCRIPT)]
            command += [f"http://127.0.0.1:{port}", "--", file.name, how, str(number)]
            ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        words = next((line.split() for line in ran.stdout.splitlines() if line.startswith("answered ")), None)
        if ran.returncode or words is None or words[-1] != "0":
            raise NotAnswered(f"{requests[0].splitlines()[0]}: {ran.stdout[-500:]} {ran.stderr[-500:]}")
        return [float(word) for word in words[1:-1]]
