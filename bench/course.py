"""The order of things: what changes nothing first, what leaves dead rows behind last."""

import os
import platform
from typing import Any

from django.core.management import call_command
from django.db import connection

from bench import acts, checks, costs, main_acts, reads
from bench.examples import every_example
from bench.figures import Figures, sizes_up_to
from bench.load import Load, load
from bench.options import Options
from bench.world import World
from core.ids import uuid7


def run(options: Options) -> Figures:
    list(every_example())  # a route without an example ends the run before an hour is spent on it
    figures = Figures(sizes_up_to(options.rows))
    call_command("migrate", interactive=False, verbosity=0)
    prepare_the_server()
    world = World.made(figures.sizes, figures.big)
    reads.measure(figures, world, rounds=options.rounds)
    with load() as asking:
        figures.machine = machine() | {"load": asking.name}
        requests(figures, world, asking, options)
        acts.revoke_all(figures, world, rounds=options.rounds)
        acts.aftermath(figures, world, asking, rounds=options.rounds)
    acts.update_rows(figures, world)
    return figures


def requests(figures: Figures, world: World, asking: Load, options: Options) -> None:
    began = uuid7()
    there = costs.measure(figures, world, asking, seconds=options.seconds_of_route, with_peers=options.with_peers)
    main_acts.measure(figures, there, costs.Bench(asking, options.seconds_of_route))
    checks.measure(
        figures,
        world,
        asking,
        rounds=options.rounds_of_load,
        seconds=options.seconds,
        idiomatic=there[figures.small] if options.with_peers else None,
    )
    world.end_what_came_since(began)


def prepare_the_server() -> None:
    """As it comes along, but for two things: nothing is vacuumed behind our back, and the log holds a load."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET autovacuum = off")
        cursor.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        cursor.execute("SELECT pg_reload_conf()")


def machine() -> dict[str, str]:
    return {
        "cores": str(os.cpu_count()),
        "load when it began": f"{os.getloadavg()[0]:.1f}",
        "PostgreSQL": asked("SHOW server_version").split()[0],
        "its settings": f"as it comes along, {asked('SHOW shared_buffers')} of shared buffers",
        "Python": platform.python_version(),
        "rows in the session table": f"{asked('SELECT count(*) FROM sessions_app_session'):,}",
    }


def asked(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
