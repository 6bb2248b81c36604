"""Requests a second: the session check and the list, ours and the peers', each asked for the same time in turns."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.db import connection

from bench.asking import Clients, request
from bench.figures import (
    BARE,
    DJANGO,
    DRF_CHECK,
    KNOX,
    OUR_LIST,
    PLAIN_CHECK,
    SHIPPED_CHECK,
    USER_SESSIONS,
    VIEWSET,
    Figures,
)
from bench.progress import say
from bench.reads import PER_PAGE
from bench.serving import environment, serving
from bench.timing import in_turns
from bench.world import World

PEOPLE = 200
WARM_UP = 0.5


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
    VIEWSET: Peer("viewset", path="/sessions/"),
}


def measure(figures: Figures, world: World, *, rounds: int, seconds: float, with_peers: bool) -> None:
    with ExitStack() as stack:
        targets = stack.enter_context(ours(world, figures))
        targets[BARE] = Target(stack.enter_context(serving("bench.peers.bare.settings")), [request("/check")])
        for name, peer in PEERS.items() if with_peers else ():
            say(f"serving {name}")
            targets[name] = stack.enter_context(theirs(peer))
        clients = stack.enter_context(Clients.ready())
        for target in targets.values():
            clients.rate(target.port, target.requests, min(seconds, WARM_UP))
        say(f"asking {len(targets)} servers in turns, {rounds} rounds")
        asked = {name: asking(clients, target, seconds) for name, target in targets.items()}
        figures.rates |= in_turns(rounds, asked)


def asking(clients: Clients, target: Target, seconds: float) -> Callable[[], float]:
    return lambda: clients.rate(target.port, target.requests, seconds)


@contextmanager
def ours(world: World, figures: Figures) -> Iterator[dict[str, Target]]:
    people = [f"Authorization: Bearer {token}" for token in world.tokens(figures.big, PEOPLE)]
    operator = f"Authorization: Bearer {world.operators_token()}"
    page = world.path(figures.largest, f"?per_page={PER_PAGE}")
    with serving("bench.ours.settings", "config.wsgi") as shipped, serving("bench.ours.lean", "config.wsgi") as lean:
        yield {
            DRF_CHECK: Target(lean, [request("/check", header) for header in people]),
            PLAIN_CHECK: Target(lean, [request("/check/plain", header) for header in people]),
            SHIPPED_CHECK: Target(shipped, [request("/check", header) for header in people]),
            OUR_LIST: Target(shipped, [request(page, operator)]),
        }


@contextmanager
def theirs(peer: Peer) -> Iterator[Target]:
    """On the same server, in a database of its own."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {peer.folder}")
    command = [sys.executable, "-m", "bench.peers.signing_in", str(PEOPLE)]
    given = environment(peer.settings, peer.folder)
    told = subprocess.run(command, env=given, stdout=subprocess.PIPE, text=True, check=True, process_group=0)
    headers = told.stdout.splitlines()
    with serving(peer.settings, database=peer.folder) as port:
        yield Target(port, [request(peer.path, header) for header in headers])
