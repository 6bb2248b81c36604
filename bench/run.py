"""One run of the bench: first what leaves the data unchanged, last what leaves dead rows behind."""

import os
import platform
from typing import Any

from django.core.management import call_command
from django.db import connection

from bench import operation_costs, reads, revocations, route_costs, throughput
from bench.examples import every_example
from bench.figures import Figures, sizes_up_to
from bench.load import LoadGenerator, load_generator
from bench.options import Options
from bench.world import World
from core.ids import uuid7


def measure(options: Options) -> Figures:
    list(every_example())  # fails at once, rather than after an hour, if a route has no example
    figures = Figures(sizes_up_to(options.rows))
    call_command("migrate", interactive=False, verbosity=0)
    configure_database_server()
    world = World.create(figures.sizes, figures.big)
    reads.measure(figures, world, rounds=options.rounds)
    with load_generator() as load:
        figures.machine = machine() | {"load generator": load.name}
        measure_requests(figures, world, load, options)
        revocations.measure_revoke_all(figures, world, rounds=options.rounds)
        revocations.measure_cleanup(figures, world, load, rounds=options.rounds)
    revocations.measure_updates(figures, world)
    return figures


def measure_requests(figures: Figures, world: World, load: LoadGenerator, options: Options) -> None:
    start = uuid7()
    fixtures = route_costs.measure(
        figures, world, load, seconds=options.seconds_of_route, with_peers=options.with_peers
    )
    operation_costs.measure(figures, fixtures, route_costs.CostMeter(load, options.seconds_of_route))
    throughput.measure(
        figures,
        world,
        load,
        rounds=options.rounds_of_load,
        seconds=options.seconds,
        fixture=fixtures[figures.small] if options.with_peers else None,
    )
    world.revoke_sessions_since(start)


def configure_database_server() -> None:
    """Keep PostgreSQL's defaults except for two: no autovacuum, and a write-ahead log that holds the whole load."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET autovacuum = off")
        cursor.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        cursor.execute("SELECT pg_reload_conf()")


def machine() -> dict[str, str]:
    return {
        "cores": str(os.cpu_count()),
        "system load at the start": f"{os.getloadavg()[0]:.1f}",
        "PostgreSQL": query_value("SHOW server_version").split()[0],
        "PostgreSQL settings": f"defaults, {query_value('SHOW shared_buffers')} of shared buffers",
        "Python": platform.python_version(),
        "rows in the session table": f"{query_value('SELECT count(*) FROM sessions_app_session'):,}",
    }


def query_value(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
