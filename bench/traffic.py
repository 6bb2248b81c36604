"""Session checks in the background, at a rate the server can sustain, to see how a long job slows them down."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bench.figures import CHECK_ALONE, CHECK_DURING_SWEEP, Figures
from bench.load import LoadGenerator
from bench.load.http_request import http_request
from bench.servers import running_server
from bench.world import World

PAUSE = 0.02  # seconds between two requests of one client
USERS = 200
SECONDS_PER_MILLION = 20  # shorter than any sweep of a million rows


@contextmanager
def background_checks(figures: Figures, world: World, load: LoadGenerator) -> Iterator[None]:
    """Measure session checks alone, and then again from the beginning of the block."""
    seconds = max(1, SECONDS_PER_MILLION * figures.big // 1_000_000)
    tokens = world.tokens_of(world.second_tenant, USERS)
    requests = [http_request("/check", f"Authorization: Bearer {token}") for token in tokens]
    with running_server("bench.product.settings", "config.wsgi") as server, ThreadPoolExecutor(1) as executor:
        load.send_count(server.port, requests, USERS)
        figures.p99[CHECK_ALONE] = load.send_for(server.port, requests, seconds, pause=PAUSE).p99
        result = executor.submit(load.send_for, server.port, requests, seconds, pause=PAUSE)
        yield
        figures.p99[CHECK_DURING_SWEEP] = result.result().p99
