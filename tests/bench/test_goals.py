"""What counts as a pass, and that what is committed speaks of every goal."""

import re

from bench import goals, report
from bench.examples import Kind
from bench.figures import LIST, Cost, Figures, Row, sizes_up_to
from tests.architecture.sources import ROOT
from tests.cells import cells

RESULTS = ROOT / "bench/results.md"


def goal(**bound: float) -> goals.Goal:
    return goals.Goal("anything", lambda seen: 0, **bound)


@cells(
    ("bound", "value", "is_met"),
    [
        ({"at_least": 2.5}, 2.5, True),
        ({"at_least": 2.5}, 2.49, False),
        ({"at_most": 1.5}, 1.5, True),
        ({"at_most": 1.5}, 1.51, False),
    ],
)
def test_a_bound_is_met_at_itself_and_not_beyond(bound: dict[str, float], value: float, is_met: bool):
    assert goal(**bound).is_met(value) is is_met


@cells(
    ("value", "words"),
    [(123_456.7, "123,457"), (99.95, "100"), (12.345, "12.3"), (1.5, "1.5"), (0.25, "0.25"), (0.00021, "0.00021")],
)
def test_three_digits_are_shown(value: float, words: str):
    assert goals.shown(value) == words


def test_sizes_grow_tenfold_up_to_what_was_asked():
    assert sizes_up_to(10_000) == [1_000, 10_000]
    assert sizes_up_to(3_000_000) == [1_000, 10_000, 100_000, 1_000_000, 3_000_000]


def test_the_ratio_of_lists_is_that_of_the_largest_to_the_small():
    seen = Figures(sizes_up_to(1_000_000))
    seen.times[LIST] = {10_000: 2.0, 100_000: 50.0, 1_000_000: 3.0}
    page_1 = next(each for each in goals.GOALS if each.what.startswith("page 1 at"))
    assert page_1.measured(seen) == 1.5


class TestTheGoalsOfRoutes:
    def seen(self) -> Figures:
        """Of things, one takes 0.5 ms and one 2; of lists, one answers 400 times a second and one 100."""
        seen = Figures(sizes_up_to(10_000))
        for name, kind, python, rate in (
            ("/a", Kind.ONE, 0.5, 900),
            ("/b", Kind.ONE, 2.0, 900),
            ("/c", Kind.LIST, 1.5, 400),
            ("/d", Kind.LIST, 1.0, 100),
        ):
            seen.costs[Row(name, kind, "users", 10_000)] = Cost(rate, python, 0)
        seen.idiomatic = {("users", Kind.ONE): Cost(200, 4.0, 0), ("users", Kind.LIST): Cost(100, 4.0, 0)}
        return seen

    def test_are_judged_by_the_costliest(self):
        assert goals.most_python(Kind.ONE)(self.seen()) == 2.0
        assert goals.most_python(Kind.LIST)(self.seen()) == 1.5
        assert goals.against_retrieve(self.seen()) == 0.5

    def test_are_judged_by_the_slowest_list(self):
        assert goals.against_list()(self.seen()) == 1
        assert goals.against_list("/c")(self.seen()) == 4

    @cells(
        ("name", "words"),
        [("/a", "pass"), ("/b", "short"), ("/c", "pass"), ("/d", "short")],
    )
    def test_are_told_of_each_route(self, name: str, words: str):
        seen = self.seen()
        row, cost = next((row, cost) for row, cost in seen.costs.items() if row.name == name)
        assert report.verdict(row, cost, seen.idiomatic[row.beside, row.kind]) == words


def test_the_committed_results_speak_of_every_goal():
    told = {without_sizes(line.split("|")[1]) for line in RESULTS.read_text().splitlines() if line.count("|") == 5}
    assert [goal.what for goal in goals.GOALS if without_sizes(goal.what) not in told] == []


def without_sizes(words: str) -> str:
    return re.sub(r"\{\w+\}|\d[\d,]*[kM]?", "N", words.strip())


def test_everything_the_peers_share_with_us_has_our_version():
    def pinned(path: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / path).read_text(), re.MULTILINE))

    ours, theirs = pinned("requirements.txt"), pinned("bench/requirements.txt")
    assert ours
    assert {name: theirs.get(name) for name in ours} == ours
    assert {"django-rest-knox", "django-user-sessions"} <= theirs.keys()
