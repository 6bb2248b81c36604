"""What the database takes to answer the product's reads: its own views are asked, in this process."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode

from django.test import Client

from bench.examples import SEARCHED
from bench.figures import AT_DEPTH, BY_NUMBER, LIST, SEARCH, STATS, TOTAL, Figures
from bench.progress import say
from bench.timing import in_turns, milliseconds, statements_timed
from bench.world import World
from sessions_app.models import Reach
from sessions_app.reads import live_counts

PER_PAGE = 20
SEARCH_ROUNDS = 3  # at most: one can take ten seconds


class Reader:
    """An operator, whose every read is timed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = Client(SERVER_NAME="127.0.0.1")

    def get(self, path: str) -> tuple[dict[str, Any], list[float]]:
        """The answer, and how long each statement took, but for the first: that one is the check of who is asking."""
        headers = {"Authorization": f"Bearer {self.world.operators_token()}"}  # one lasts ten minutes, a bench longer
        with statements_timed() as times:
            answer = self.http.get(path, headers=headers)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{path} answers {answer.status_code}: {answer.content[:300]!r}")
        return answer.json(), times[1:]

    def time(self, path: str) -> float:
        return sum(self.get(path)[1])

    def time_whole(self, path: str) -> float:
        """The request as a whole, which is what somebody who searches waits for."""
        return milliseconds(partial(self.get, path))

    def page(self, size: int, **asked: Any) -> str:
        return self.world.path(size, f"?{urlencode({'per_page': PER_PAGE, **asked})}")


def measure(figures: Figures, world: World, *, rounds: int) -> None:
    say(f"reading lists and stats, {rounds} rounds")
    reader = Reader(world)
    lists = {size: reader.page(size) for size in figures.sizes[1:]}
    check_the_totals(reader, lists)
    stats = {size: world.path(size, "/stats") for size in lists}
    totals = {size: partial(live_counts.live_count, Reach.TENANT, tenant.pk) for size, tenant in world.tenants.items()}
    big = {AT_DEPTH: reader.page(figures.big, cursor=cursor_at(reader, figures)), BY_NUMBER: numbered(reader, figures)}
    acts: dict[tuple[str, int], Callable[[], float]] = {
        **{(LIST, size): partial(reader.time, path) for size, path in lists.items()},
        **{(STATS, size): partial(reader.time, path) for size, path in stats.items()},
        **{(TOTAL, size): partial(milliseconds, totals[size]) for size in lists},
        **{(name, figures.big): partial(reader.time, path) for name, path in big.items()},
    }
    for (name, size), time in in_turns(rounds, acts).items():
        figures.times[name][size] = time
    say("searching")
    searches: dict[tuple[str, int], Callable[[], float]] = {
        (SEARCH.format(kind), size): partial(reader.time_whole, reader.page(size, search=unquote(text)))
        for kind, text in SEARCHED.items()
        for size in (figures.small, figures.big)
    }
    for (name, size), time in in_turns(min(rounds, SEARCH_ROUNDS), searches).items():
        figures.times[name][size] = time


def check_the_totals(reader: Reader, lists: dict[int, str]) -> None:
    """Fast and wrong would not count. Warms up as well."""
    for size, path in lists.items():
        answer, _ = reader.get(path)
        if answer["pagination"]["total"] != size or len(answer["data"]) != PER_PAGE:
            raise RuntimeError(f"a list of {size} has {answer['pagination']} and {len(answer['data'])} on its page")


def numbered(reader: Reader, figures: Figures) -> str:
    return reader.page(figures.big, page=figures.depth // PER_PAGE + 1)


def cursor_at(reader: Reader, figures: Figures) -> str:
    """What a client holds that has come as far as `depth`."""
    answer, _ = reader.get(reader.page(figures.big, page=figures.depth // PER_PAGE))
    return answer["pagination"]["next_cursor"]
