"""People at work while something large goes on: session checks at a pace that leaves room, and how long they take."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bench.figures import ALONE, BESIDE_SWEEP, Figures
from bench.load import Load
from bench.load.http import request
from bench.serving import serving
from bench.world import World

PAUSE = 0.02  # seconds, between two requests of one client
PEOPLE = 200
SECONDS_A_MILLION = 20  # shorter than any sweep of so many rows


@contextmanager
def live_traffic(figures: Figures, world: World, load: Load) -> Iterator[None]:
    """Measured by itself first, and then beside whatever is done meanwhile, from its beginning."""
    seconds = max(1, SECONDS_A_MILLION * figures.big // 1_000_000)
    bystanders = world.tokens_of(world.bystander, PEOPLE)
    requests = [request("/check", f"Authorization: Bearer {token}") for token in bystanders]
    with serving("bench.ours.settings", "config.wsgi") as server, ThreadPoolExecutor(1) as beside:
        load.ask_times(server.port, requests, PEOPLE)
        figures.p99[ALONE] = load.ask(server.port, requests, seconds, pause=PAUSE).p99
        answers = beside.submit(load.ask, server.port, requests, seconds, pause=PAUSE)
        yield
        figures.p99[BESIDE_SWEEP] = answers.result().p99
