"""How long each test file takes: summed up in every run, and compared with the time that the file may take."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RESULT = Path(".cache/durations.json")


class Durations:
    def __init__(self) -> None:
        self.files: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Add the processor time of this process; seconds alone say little on a busy machine."""
        report: Any = yield
        now = time.process_time()
        report.cpu, item.config.cpu_at = now - getattr(item.config, "cpu_at", now), now  # type: ignore[attr-defined]
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        entry = self.files[report.nodeid.partition("::")[0]]
        entry[0] += report.when == "call"
        entry[1] += report.duration
        entry[2] += report.cpu

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps(self.files, indent=1))
