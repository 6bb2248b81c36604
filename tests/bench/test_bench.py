"""A very small run of `make bench`, without the peers, from beginning to end."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import bench_home, goals, plot, report
from bench.examples import EXAMPLES
from bench.operation_costs import OPERATIONS
from tests.architecture.sources import ROOT
from tests.postgres.conftest import make_home

pytestmark = pytest.mark.proof

SVG = "{http://www.w3.org/2000/svg}"
SMALL = [
    "10000",
    "--rounds",
    "1",
    "--rounds-of-load",
    "1",
    "--seconds",
    "0.1",
    "--seconds-of-route",
    "0.01",
    "--without-peers",
]


class Run:
    """A run of the bench: its process, its output files, and the home of its database."""

    def __init__(self, into: Path, usual_home: Path) -> None:
        env = {"CURFEW_HOME": str(usual_home), "DATABASE_URL": "", "CURFEW_ENV": "development"}
        command = [sys.executable, "-m", "bench", *SMALL, "--into", str(into)]
        self.process = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True)
        self.results, self.plot = into / "results.md", into / "cost.svg"
        self.home = usual_home.with_name(f"{usual_home.name}-bench")

    @property
    def table(self) -> list[list[str]]:
        """Return the printed row of each goal: description, target, measured value, result."""
        lines = [re.split(r" {2,}", line.strip()) for line in self.process.stdout.splitlines()]
        headings = list(report.GOAL_HEADINGS)
        rows = [cells for cells in lines if len(cells) == len(headings) and not cells[0].startswith("--")]
        return [cells for cells in rows if cells != headings]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    usual = make_home().path
    run = Run(tmp_path_factory.mktemp("results"), usual)
    yield run
    usual.rmdir()


def test_run_succeeds(run: Run):
    assert run.process.returncode == 0, run.process.stderr[-3000:]


@pytest.mark.parametrize("number", range(len(goals.GOALS)), ids=lambda number: goals.GOALS[number].description)
def test_every_goal_is_judged(number: int, run: Run):
    goal, (_, target, measured, verdict) = goals.GOALS[number], run.table[number]
    assert target == goal.target
    if goal.needs:
        assert (measured, verdict) == ("-", "not run")
    else:
        assert verdict in {"pass", "fail"}
        assert re.match(r"\d", measured)


def test_results_page_has_the_rows_of_the_printed_table(run: Run):
    page = run.results.read_text()
    assert len(run.table) == len(goals.GOALS)
    assert [cells for cells in run.table if f"| {' | '.join(cells)} |" not in page] == []


def test_every_route_and_operation_is_in_the_table_of_costs(run: Run):
    page = run.results.read_text()
    names = {*EXAMPLES, *OPERATIONS}
    assert {name for name in names if f"| `{name}" not in page} == set()


def test_plot_has_a_line_for_each_operation(run: Run):
    drawing = ElementTree.parse(run.plot).getroot()
    lines = {line.get("class"): str(line.get("points")).split() for line in drawing.iter(f"{SVG}polyline")}
    assert lines.keys() == {kind for _, kind in plot.LINES.values()}
    assert all(lines.values())


def test_database_is_removed(run: Run):
    assert not run.home.exists()
    assert list(run.home.parent.glob(f"{run.home.name}*")) == []


def test_database_is_not_in_the_usual_home(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CURFEW_HOME", "/srv/curfew")
    assert bench_home.path() == Path("/srv/curfew-bench")
