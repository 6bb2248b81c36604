"""What each route costs: CPU of the server and of the database, statements and rows, and beside it an idiomatic one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any

from django.test import Client

from bench.contents import Place, places
from bench.counting import Work, work_of
from bench.examples import Example, Kind, every_example
from bench.figures import Cost, Figures, Row
from bench.load import Load, NotAnswered
from bench.load.http import request
from bench.processes import used
from bench.progress import counted
from bench.serving import Server, serving
from bench.world import World

WARM_UP = 8  # requests: one for each connection, so that no worker is asked for the first time
FEWEST, MOST = 8, 20_000  # requests of one measurement: a search of a million takes ten seconds
PER_PAGE = 20

# Which of a place's things an idiomatic view set is asked to retrieve.
RETRIEVED = {
    "sessions": "session",
    "users": "user",
    "applications": "application",
    "agents": "agent",
    "groups": "group",
    "identity-providers": "identity_provider",
    "audit": "entry",
    "revocations": "revocation",
    "partners": "partner",
    "tenants": "tenant",
}


@dataclass
class Bench:
    """Servers and clients, and how long each route is asked."""

    load: Load
    seconds: float
    http: Client = field(default_factory=lambda: Client(SERVER_NAME="127.0.0.1"))

    def cost(self, server: Server, requests: list[str], count: int | None = None) -> Cost:
        """`count` is for what can be asked only so many times."""
        count = count or self.enough(server, requests)
        before = used(server)
        answers = self.load.ask_times(server.port, requests, count)
        spent = used(server).since(before)
        return Cost(answers.rate, spent.python * 1000 / count, spent.database * 1000 / count)

    def enough(self, server: Server, requests: list[str]) -> int:
        """How many take as long as a route is asked, once the server is warm."""
        self.load.ask_times(server.port, requests, WARM_UP)
        count = 2
        while True:
            since = perf_counter()
            self.load.ask_times(server.port, requests, count)
            took = perf_counter() - since
            if took >= self.seconds / 8 or count >= MOST:
                return max(FEWEST, min(MOST, round(count * self.seconds / took)))
            count *= 4

    def work(self, path: str, header: str, kind: Kind) -> Work:
        return work_of(lambda: self.check(path, header, kind))

    def check(self, path: str, header: str, kind: Kind) -> None:
        """Fast and wrong would not count."""
        name, _, value = header.partition(": ")
        answer: Any = self.http.get(path, headers={name: value} if name else {})
        content = answer.getvalue()
        if answer.status_code != HTTPStatus.OK:
            raise NotAnswered(f"{path} answers {answer.status_code}: {content[:300]!r}")
        if kind is Kind.LIST and rows_in(answer.json()) < PER_PAGE:
            raise NotAnswered(f"{path} is no list of {PER_PAGE}: {content[:300]!r}")


def rows_in(answer: Any) -> int:
    """How long the list in an answer is, whatever it is called there."""
    if isinstance(answer, list):
        return len(answer)
    return max((len(value) for value in answer.values() if isinstance(value, list)), default=0)


def measure(figures: Figures, world: World, load: Load, *, seconds: float, with_peers: bool) -> dict[int, Place]:
    every = list(every_example())
    there = places(world, {figures.small, figures.largest})
    bench = Bench(load, seconds)
    with serving("bench.ours.settings", "config.wsgi") as server:
        for size, place, route, example in counted(list(asked(every, there)), "routes"):
            header = place.header(example)
            path = example.path(route, place.ids)
            work = bench.work(path, header, example.kind)
            cost = bench.cost(server, [request(path, header)])
            row = Row(route + example.label, example.kind, example.beside, size if example.sized else None)
            figures.costs[row] = cost.with_work(work.statements, work.rows)
    if with_peers:
        measure_idiomatic(figures, bench, there[figures.small], every)
    return there


def asked(every: list[tuple[str, Example]], there: dict[int, Place]) -> Iterator[tuple[int, Place, str, Example]]:
    for route, example in every:
        for size, place in there.items():
            if example.sized or size == max(there):
                yield size, place, route, example


def measure_idiomatic(figures: Figures, bench: Bench, place: Place, every: list[tuple[str, Example]]) -> None:
    """In the small tenant, where they are at their best: they count their rows."""
    examples = {example.beside: example for _, example in every if example.kind is Kind.LIST}
    with serving("bench.peers.viewset.settings") as server:
        for name, example in counted(list(examples.items()), "idiomatic view sets"):
            token = place.token(example.who)
            paths = {Kind.LIST: f"/{name}/"}
            if name in RETRIEVED:
                paths[Kind.ONE] = f"/{name}/{place.things[RETRIEVED[name]].pk}/"
            for kind, path in paths.items():
                figures.idiomatic[name, kind] = bench.cost(server, [request(path, token)])
