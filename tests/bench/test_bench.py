"""`make bench`, very small and without the peers: it runs from end to end, and judges what it measured."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import goals, place, plot
from bench.examples import EXAMPLES
from bench.main_acts import ACTS
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
    """One run of the bench: what it said, what it wrote, and where its database was."""

    def __init__(self, into: Path, usual_home: Path) -> None:
        given = {"CURFEW_HOME": str(usual_home), "DATABASE_URL": "", "CURFEW_ENV": "development"}
        command = [sys.executable, "-m", "bench", *SMALL, "--into", str(into)]
        self.process = subprocess.run(command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True)
        self.results, self.plot = into / "results.md", into / "cost.svg"
        self.home = usual_home.with_name(f"{usual_home.name}-bench")

    @property
    def table(self) -> list[list[str]]:
        """What is said of each goal: its words, what was wanted, what was measured, the verdict."""
        lines = [re.split(r" {2,}", line.strip()) for line in self.process.stdout.splitlines()]
        return [cells for cells in lines if len(cells) == 4 and not cells[0].startswith("--")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    usual = make_home().path
    run = Run(tmp_path_factory.mktemp("results"), usual)
    yield run
    usual.rmdir()


def test_it_comes_to_an_end(run: Run):
    assert run.process.returncode == 0, run.process.stderr[-3000:]


@pytest.mark.parametrize("number", range(len(goals.GOALS)), ids=lambda number: goals.GOALS[number].what)
def test_every_goal_is_judged(number: int, run: Run):
    goal, (_, wanted, measured, verdict) = goals.GOALS[number], run.table[number]
    assert wanted == goal.wanted
    if goal.needs:
        assert (measured, verdict) == ("-", "not run")
    else:
        assert verdict in {"pass", "short"}
        assert re.match(r"\d", measured)


def test_the_page_says_what_the_table_says(run: Run):
    page = run.results.read_text()
    assert len(run.table) == len(goals.GOALS)
    assert [cells for cells in run.table if f"| {' | '.join(cells)} |" not in page] == []


def test_every_route_and_act_is_in_the_table_of_costs(run: Run):
    page = run.results.read_text()
    names = {*EXAMPLES, *ACTS}
    assert {name for name in names if f"| `{name}" not in page} == set()


def test_the_plot_has_a_line_for_each_cost(run: Run):
    drawing = ElementTree.parse(run.plot).getroot()
    lines = {line.get("class"): str(line.get("points")).split() for line in drawing.iter(f"{SVG}polyline")}
    assert lines.keys() == {kind for _, kind in plot.LINES.values()}
    assert all(lines.values())


def test_nothing_is_left_behind(run: Run):
    assert not run.home.exists()
    assert list(run.home.parent.glob(f"{run.home.name}*")) == []


def test_the_database_is_not_the_usual_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CURFEW_HOME", "/srv/curfew")
    assert place.home() == Path("/srv/curfew-bench")
