"""Measure the database time of the product's lists, stats and searches, by calling its views in this process."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode

from django.test import Client

from bench.examples import SEARCH_TERMS
from bench.figures import AT_DEPTH, BY_NUMBER, LIST, SEARCH, STATS, TOTAL, Figures
from bench.progress import print_status
from bench.timers import interleaved_medians, milliseconds, statement_times
from bench.world import World
from sessions_app.models import RevocationScope
from sessions_app.reads import live_counts

PER_PAGE = 20
SEARCH_ROUNDS = 3  # at most: one search can take ten seconds


class Reader:
    """A client with an operator's session that times its requests."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = Client(SERVER_NAME="127.0.0.1")

    def get(self, path: str) -> tuple[dict[str, Any], list[float]]:
        """Return the response and the time of each statement but the first, which is the session check."""
        headers = {"Authorization": f"Bearer {self.world.operator_token()}"}  # it expires sooner than a bench ends
        with statement_times() as times:
            response = self.client.get(path, headers=headers)
        if response.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{path} answers {response.status_code}: {response.content[:300]!r}")
        return response.json(), times[1:]

    def time(self, path: str) -> float:
        return sum(self.get(path)[1])

    def request_time(self, path: str) -> float:
        """Return the time of the whole request, which is how long a user waits for a search."""
        return milliseconds(partial(self.get, path))

    def page(self, size: int, **query: Any) -> str:
        return self.world.path(size, f"?{urlencode({'per_page': PER_PAGE, **query})}")


def measure(figures: Figures, world: World, *, rounds: int) -> None:
    print_status(f"measuring lists and stats, {rounds} rounds")
    reader = Reader(world)
    lists = {size: reader.page(size) for size in figures.sizes[1:]}
    check_totals(reader, lists)
    stats = {size: world.path(size, "/stats") for size in lists}
    totals = {
        size: partial(live_counts.live_count, RevocationScope.TENANT, tenant.pk)
        for size, tenant in world.tenants.items()
    }
    deep = {AT_DEPTH: cursor_page(reader, figures), BY_NUMBER: numbered_page(reader, figures)}
    measurements: dict[tuple[str, int], Callable[[], float]] = {
        **{(LIST, size): partial(reader.time, path) for size, path in lists.items()},
        **{(STATS, size): partial(reader.time, path) for size, path in stats.items()},
        **{(TOTAL, size): partial(milliseconds, totals[size]) for size in lists},
        **{(name, figures.big): partial(reader.time, path) for name, path in deep.items()},
    }
    for (name, size), time in interleaved_medians(rounds, measurements).items():
        figures.times[name][size] = time
    print_status("measuring searches")
    searches: dict[tuple[str, int], Callable[[], float]] = {
        (SEARCH.format(kind), size): partial(reader.request_time, reader.page(size, search=unquote(text)))
        for kind, text in SEARCH_TERMS.items()
        for size in (figures.small, figures.big)
    }
    for (name, size), time in interleaved_medians(min(rounds, SEARCH_ROUNDS), searches).items():
        figures.times[name][size] = time


def check_totals(reader: Reader, lists: dict[int, str]) -> None:
    """Fail unless every list has the total that was loaded. It also warms the database up."""
    for size, path in lists.items():
        body, _ = reader.get(path)
        if body["pagination"]["total"] != size or len(body["data"]) != PER_PAGE:
            raise RuntimeError(f"a list of {size} has {body['pagination']} and {len(body['data'])} rows on its page")


def numbered_page(reader: Reader, figures: Figures) -> str:
    return reader.page(figures.big, page=figures.depth // PER_PAGE + 1)


def cursor_page(reader: Reader, figures: Figures) -> str:
    """Return the page after `depth` rows, by the cursor that a client has at that point."""
    body, _ = reader.get(reader.page(figures.big, page=figures.depth // PER_PAGE))
    return reader.page(figures.big, cursor=body["pagination"]["next_cursor"])
