"""Measure requests per second of the session check and the list, both the product's and the peers'."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.db import connection

from bench.examples import CallerKind
from bench.figures import (
    BARE,
    DJANGO,
    DRF_CHECK,
    FULL_CHECK,
    KNOX,
    OUR_LIST,
    PLAIN_CHECK,
    USER_SESSIONS,
    VIEW_SET,
    Figures,
)
from bench.fixtures import TenantFixture
from bench.load import LoadGenerator
from bench.load.http_request import http_request
from bench.progress import print_status
from bench.reads import PER_PAGE
from bench.servers import environment, running_server
from bench.timers import interleaved_medians
from bench.world import World

USERS = 200
WARM_UP = 1  # second


@dataclass(frozen=True)
class Target:
    port: int
    requests: list[str]


@dataclass(frozen=True)
class Peer:
    folder: str
    path: str = "/check"

    @property
    def settings(self) -> str:
        return f"bench.peers.{self.folder}.settings"


PEERS = {
    KNOX: Peer("django_rest_knox"),
    DJANGO: Peer("django_sessions"),
    USER_SESSIONS: Peer("django_user_sessions"),
}


def measure(
    figures: Figures, world: World, load: LoadGenerator, *, rounds: int, seconds: float, fixture: TenantFixture | None
) -> None:
    """Measure every server. The peers take part if there is a `fixture`, the tenant that the view set lists."""
    with ExitStack() as stack:
        targets = stack.enter_context(product_targets(world, figures))
        bare = stack.enter_context(running_server("bench.peers.bare.settings"))
        targets[BARE] = Target(bare.port, [http_request("/check")])
        if fixture:
            view_set = stack.enter_context(running_server("bench.peers.viewset.settings"))
            token = fixture.drf_token(CallerKind.TENANT_ADMIN)
            targets[VIEW_SET] = Target(view_set.port, [http_request("/sessions/", token)])
        for name, peer in PEERS.items() if fixture else ():
            print_status(f"starting {name}")
            targets[name] = stack.enter_context(peer_target(peer))
        for target in targets.values():
            load.send_for(target.port, target.requests, WARM_UP)
        print_status(f"measuring {len(targets)} servers, {rounds} rounds")
        measurements = {name: rate_of(load, target, seconds) for name, target in targets.items()}
        figures.rates |= interleaved_medians(rounds, measurements)


def rate_of(load: LoadGenerator, target: Target, seconds: float) -> Callable[[], float]:
    return lambda: load.send_for(target.port, target.requests, seconds).rate


@contextmanager
def product_targets(world: World, figures: Figures) -> Iterator[dict[str, Target]]:
    users = [f"Authorization: Bearer {token}" for token in world.tokens(figures.big, USERS)]
    operator = f"Authorization: Bearer {world.operator_token()}"
    page = world.path(figures.largest, f"?per_page={PER_PAGE}")
    with (
        running_server("bench.product.settings", "config.wsgi") as full,
        running_server("bench.product.minimal_settings", "config.wsgi") as minimal,
    ):
        yield {
            DRF_CHECK: Target(minimal.port, [http_request("/check", header) for header in users]),
            PLAIN_CHECK: Target(minimal.port, [http_request("/check/plain", header) for header in users]),
            FULL_CHECK: Target(full.port, [http_request("/check", header) for header in users]),
            OUR_LIST: Target(full.port, [http_request(page, operator)]),
        }


@contextmanager
def peer_target(peer: Peer) -> Iterator[Target]:
    """Run a peer with its own database on the bench's database server."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {peer.folder}")
    command = [sys.executable, "-m", "bench.peers.create_sessions", str(USERS)]
    env = environment(peer.settings, peer.folder)
    process = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True, process_group=0)
    headers = process.stdout.splitlines()
    with running_server(peer.settings, database=peer.folder) as server:
        yield Target(server.port, [http_request(peer.path, header) for header in headers])
