"""How long each test file takes: added up in every run, and held to the budgets in tests/README.md.

`python -m tests.durations` writes the table there from the last whole run of `make test`.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import pytest

RESULT = Path(".cache/durations.json")
README = Path(__file__).with_name("README.md")
DEFAULT_BUDGET = 5
_ROW = re.compile(r"^\| (tests/\S+\.py) \|.*\| (\d+) \|$", re.M)


class Durations:
    """Processor time of the process that runs the tests: on a busy machine, seconds alone say little."""

    def __init__(self) -> None:
        self.files: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
        self.counted_to = time.process_time()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        report: Any = yield
        now = time.process_time()
        report.cpu, self.counted_to = now - self.counted_to, now
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        entry = self.files[report.nodeid.partition("::")[0]]
        entry[0] += report.when == "call"
        entry[1] += report.duration
        entry[2] += report.cpu

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):
            return
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(self.files, indent=1))
        if session.config.getoption("markexpr") == "not proof" and over_budget(self.files):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        if config.getoption("markexpr") == "not proof" and (over := over_budget(self.files)):
            terminalreporter.section("test files over their budget in tests/README.md", red=True)
            terminalreporter.write("\n".join([*over, ""]))


def over_budget(files: dict[str, list[float]]) -> list[str]:
    budgets = {name: int(budget) for name, budget in _ROW.findall(README.read_text())}
    return [
        f"{name}: {cpu:.1f} s of processor time, {allowed} allowed"
        for name, (_, _, cpu) in files.items()
        if cpu > (allowed := budgets.get(name, DEFAULT_BUDGET))
    ]


def table(files: dict[str, list[float]]) -> str:
    """Folders added up, then every file that needs more than the default budget: twice what it took."""
    folders: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for name, entry in files.items():
        folder = str(Path(name).parent)
        folders[folder] = [sum(pair) for pair in zip(folders[folder], entry, strict=True)]
    lines = ["| folder | tests | seconds | processor |", "|---|---|---|---|"]
    lines += [f"| {name} | {n:.0f} | {wall:.0f} | {cpu:.0f} |" for name, (n, wall, cpu) in sorted(folders.items())]
    lines += ["", "| file | tests | seconds | processor | budget |", "|---|---|---|---|---|"]
    dear = sorted(((cpu, name) for name, (_, _, cpu) in files.items() if cpu * 2 > DEFAULT_BUDGET), reverse=True)
    for cpu, name in dear:
        lines.append(f"| {name} | {files[name][0]:.0f} | {files[name][1]:.0f} | {cpu:.1f} | {ceil(cpu * 2)} |")
    return "\n".join(lines)


def write_table() -> None:
    start, end = "<!-- durations -->\n", "\n<!-- /durations -->"
    before, _, rest = README.read_text().partition(start)
    README.write_text(f"{before}{start}{table(json.loads(RESULT.read_text()))}{end}{rest.partition(end)[2]}")


if __name__ == "__main__":
    write_table()
