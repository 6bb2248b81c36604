"""Requests a second: the session check, ours and the peers', and the list; each asked for the same time in turns."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.db import connection

from bench.contents import Place
from bench.examples import Who
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
from bench.load import Load
from bench.load.http import request
from bench.progress import say
from bench.reads import PER_PAGE
from bench.serving import environment, serving
from bench.timing import in_turns
from bench.world import World

PEOPLE = 200
WARM_UP = 1


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
    figures: Figures, world: World, load: Load, *, rounds: int, seconds: float, idiomatic: Place | None
) -> None:
    """`idiomatic` is the place that the view set lists, if the peers are asked."""
    with ExitStack() as stack:
        targets = stack.enter_context(ours(world, figures))
        bare = stack.enter_context(serving("bench.peers.bare.settings"))
        targets[BARE] = Target(bare.port, [request("/check")])
        if idiomatic:
            view_set = stack.enter_context(serving("bench.peers.viewset.settings"))
            token = idiomatic.token(Who.ADMINISTRATOR)
            targets[VIEWSET] = Target(view_set.port, [request("/sessions/", token)])
        for name, peer in PEERS.items() if idiomatic else ():
            say(f"serving {name}")
            targets[name] = stack.enter_context(theirs(peer))
        for target in targets.values():
            load.ask(target.port, target.requests, WARM_UP)
        say(f"asking {len(targets)} servers in turns, {rounds} rounds")
        asked = {name: asking(load, target, seconds) for name, target in targets.items()}
        figures.rates |= in_turns(rounds, asked)


def asking(load: Load, target: Target, seconds: float) -> Callable[[], float]:
    return lambda: load.ask(target.port, target.requests, seconds).rate


@contextmanager
def ours(world: World, figures: Figures) -> Iterator[dict[str, Target]]:
    people = [f"Authorization: Bearer {token}" for token in world.tokens(figures.big, PEOPLE)]
    operator = f"Authorization: Bearer {world.operators_token()}"
    page = world.path(figures.largest, f"?per_page={PER_PAGE}")
    with serving("bench.ours.settings", "config.wsgi") as shipped, serving("bench.ours.lean", "config.wsgi") as lean:
        yield {
            DRF_CHECK: Target(lean.port, [request("/check", header) for header in people]),
            PLAIN_CHECK: Target(lean.port, [request("/check/plain", header) for header in people]),
            SHIPPED_CHECK: Target(shipped.port, [request("/check", header) for header in people]),
            OUR_LIST: Target(shipped.port, [request(page, operator)]),
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
    with serving(peer.settings, database=peer.folder) as server:
        yield Target(server.port, [request(peer.path, header) for header in headers])
