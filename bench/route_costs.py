"""Measure the cost of each route, and of idiomatic view sets: CPU of server and database, statements and rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any

from django.test import Client

from bench.cpu_usage import cpu_seconds
from bench.examples import Example, Kind, every_example
from bench.figures import Cost, Figures, Row
from bench.fixtures import TenantFixture, create_fixtures
from bench.load import LoadGenerator, RequestFailed
from bench.load.http_request import http_request
from bench.progress import with_progress
from bench.servers import Server, running_server
from bench.work_counts import WorkCount, count_work
from bench.world import World

WARM_UP = 8  # requests, one for each connection, so that no worker's first request is measured
FEWEST, MOST = 8, 20_000  # requests of one measurement: a search of a million sessions takes ten seconds
PER_PAGE = 20

# The fixture's object that each idiomatic view set retrieves.
RETRIEVED_OBJECTS = {
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
class CostMeter:
    """Measures the cost of one request by sending it for about `seconds`."""

    load: LoadGenerator
    seconds: float
    client: Client = field(default_factory=lambda: Client(SERVER_NAME="127.0.0.1"))

    def cost(self, server: Server, requests: list[str], count: int | None = None) -> Cost:
        """Measure `count` requests, or by default as many as fit into the time."""
        count = count or self.request_count(server, requests)
        before = cpu_seconds(server)
        result = self.load.send_count(server.port, requests, count)
        cpu = cpu_seconds(server).since(before)
        return Cost(result.rate, cpu.python * 1000 / count, cpu.database * 1000 / count)

    def request_count(self, server: Server, requests: list[str]) -> int:
        """Warm the server up, and return how many requests fit into the time."""
        self.load.send_count(server.port, requests, WARM_UP)
        count = 2
        while True:
            start = perf_counter()
            self.load.send_count(server.port, requests, count)
            elapsed = perf_counter() - start
            if elapsed >= self.seconds / 8 or count >= MOST:
                return max(FEWEST, min(MOST, round(count * self.seconds / elapsed)))
            count *= 4

    def work(self, path: str, header: str, kind: Kind) -> WorkCount:
        return count_work(lambda: self.check_response(path, header, kind))

    def check_response(self, path: str, header: str, kind: Kind) -> None:
        """Get a path, and fail unless the response is right: the speed of a wrong one is of no use."""
        name, _, value = header.partition(": ")
        response: Any = self.client.get(path, headers={name: value} if name else {})
        content = response.getvalue()
        if response.status_code != HTTPStatus.OK:
            raise RequestFailed(f"{path} answers {response.status_code}: {content[:300]!r}")
        if kind is Kind.LIST and list_length(response.json()) < PER_PAGE:
            raise RequestFailed(f"{path} has fewer than {PER_PAGE} rows: {content[:300]!r}")


def list_length(body: Any) -> int:
    """Return the length of the list in a response body, whatever its key."""
    if isinstance(body, list):
        return len(body)
    return max((len(value) for value in body.values() if isinstance(value, list)), default=0)


def measure(
    figures: Figures, world: World, load: LoadGenerator, *, seconds: float, with_peers: bool
) -> dict[int, TenantFixture]:
    examples = list(every_example())
    fixtures = create_fixtures(world, {figures.small, figures.largest})
    meter = CostMeter(load, seconds)
    with running_server("bench.product.settings", "config.wsgi") as server:
        for size, fixture, route, example in with_progress(list(by_size(examples, fixtures)), "routes"):
            header = fixture.header(example)
            path = example.path(route, fixture.ids)
            work = meter.work(path, header, example.kind)
            cost = meter.cost(server, [http_request(path, header)])
            row = Row(route + example.label, example.kind, example.view_set, size if example.by_size else None)
            figures.costs[row] = cost.with_work(work.statements, work.rows)
    if with_peers:
        measure_view_sets(figures, meter, fixtures[figures.small], examples)
    return fixtures


def by_size(
    examples: list[tuple[str, Example]], fixtures: dict[int, TenantFixture]
) -> Iterator[tuple[int, TenantFixture, str, Example]]:
    """Yield each example for the largest tenant, and if its cost may depend on the size, for all others as well."""
    for route, example in examples:
        for size, fixture in fixtures.items():
            if example.by_size or size == max(fixtures):
                yield size, fixture, route, example


def measure_view_sets(
    figures: Figures, meter: CostMeter, fixture: TenantFixture, examples: list[tuple[str, Example]]
) -> None:
    """Measure the idiomatic view sets in the small tenant, where they are at their best: they count their rows."""
    by_view_set = {example.view_set: example for _, example in examples if example.kind is Kind.LIST}
    with running_server("bench.peers.viewset.settings") as server:
        for name, example in with_progress(list(by_view_set.items()), "idiomatic view sets"):
            token = fixture.drf_token(example.caller)
            paths = {Kind.LIST: f"/{name}/"}
            if name in RETRIEVED_OBJECTS:
                paths[Kind.ONE] = f"/{name}/{fixture.objects[RETRIEVED_OBJECTS[name]].pk}/"
            for kind, path in paths.items():
                figures.view_sets[name, kind] = meter.cost(server, [http_request(path, token)])
