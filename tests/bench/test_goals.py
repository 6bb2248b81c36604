"""The goals are judged correctly, and the committed results have all of them."""

import re

from bench import goals, report
from bench.examples import Kind
from bench.figures import LIST, Cost, Figures, Row, sizes_up_to
from tests.architecture.sources import ROOT
from tests.cells import cells

RESULTS = ROOT / "bench/results.md"


def goal(**bound: float) -> goals.Goal:
    return goals.Goal("anything", lambda figures: 0, **bound)


@cells(
    ("bound", "value", "is_met"),
    [
        ({"at_least": 2.5}, 2.5, True),
        ({"at_least": 2.5}, 2.49, False),
        ({"at_most": 1.5}, 1.5, True),
        ({"at_most": 1.5}, 1.51, False),
    ],
)
def test_goal_is_met_up_to_its_bound_and_not_beyond(bound: dict[str, float], value: float, is_met: bool):
    assert goal(**bound).is_met(value) is is_met


@cells(
    ("value", "text"),
    [(123_456.7, "123,457"), (99.95, "100"), (12.345, "12.3"), (1.5, "1.5"), (0.25, "0.25"), (0.00021, "0.00021")],
)
def test_number_has_three_significant_digits(value: float, text: str):
    assert goals.format_number(value) == text


def test_sizes_grow_tenfold_up_to_the_requested_one():
    assert sizes_up_to(10_000) == [1_000, 10_000]
    assert sizes_up_to(3_000_000) == [1_000, 10_000, 100_000, 1_000_000, 3_000_000]


def test_page_1_goal_compares_the_largest_tenant_with_the_small_one():
    figures = Figures(sizes_up_to(1_000_000))
    figures.times[LIST] = {10_000: 2.0, 100_000: 50.0, 1_000_000: 3.0}
    page_1 = next(each for each in goals.GOALS if each.description.startswith("page 1 in a tenant of"))
    assert page_1.measure(figures) == 1.5


class TestRouteGoals:
    def figures(self) -> Figures:
        """Return two objects of 0.5 and 2 ms of CPU, and two lists of 400 and 100 requests per second."""
        figures = Figures(sizes_up_to(10_000))
        for name, kind, python, rate in (
            ("/a", Kind.ONE, 0.5, 900),
            ("/b", Kind.ONE, 2.0, 900),
            ("/c", Kind.LIST, 1.5, 400),
            ("/d", Kind.LIST, 1.0, 100),
        ):
            figures.costs[Row(name, kind, "users", 10_000)] = Cost(rate, python, 0)
        figures.view_sets = {("users", Kind.ONE): Cost(200, 4.0, 0), ("users", Kind.LIST): Cost(100, 4.0, 0)}
        return figures

    def test_take_the_costliest_route(self):
        assert goals.max_python_cpu(Kind.ONE)(self.figures()) == 2.0
        assert goals.max_python_cpu(Kind.LIST)(self.figures()) == 1.5
        assert goals.retrieve_cpu_ratio(self.figures()) == 0.5

    def test_take_the_slowest_list(self):
        assert goals.list_rate_ratio()(self.figures()) == 1
        assert goals.list_rate_ratio("/c")(self.figures()) == 4

    @cells(
        ("name", "verdict"),
        [("/a", "pass"), ("/b", "fail"), ("/c", "pass"), ("/d", "fail")],
    )
    def test_give_a_verdict_on_each_route(self, name: str, verdict: str):
        figures = self.figures()
        row, cost = next((row, cost) for row, cost in figures.costs.items() if row.name == name)
        assert report.verdict(row, cost, figures.view_sets[row.view_set, row.kind]) == verdict


class TestCommittedResults:
    def test_have_every_goal(self):
        lines = RESULTS.read_text().splitlines()
        rows = {without_numbers(line.split("|")[1]) for line in lines if line.count("|") == 5}
        assert [each.description for each in goals.GOALS if without_numbers(each.description) not in rows] == []

    def test_have_the_headings_of_the_report(self):
        headings = {f"| {' | '.join(each)} |" for each in (report.GOAL_HEADINGS, report.COST_HEADINGS)}
        assert headings <= set(RESULTS.read_text().splitlines())


def without_numbers(text: str) -> str:
    return re.sub(r"\{\w+\}|\d[\d,]*[kM]?", "N", text.strip())


def test_packages_shared_with_the_peers_have_the_same_version():
    def pinned(path: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / path).read_text(), re.MULTILINE))

    ours, theirs = pinned("requirements.txt"), pinned("bench/requirements.txt")
    assert ours
    assert {name: theirs.get(name) for name in ours} == ours
    assert {"django-rest-knox", "django-user-sessions"} <= theirs.keys()
