"""The order of things: what changes nothing first, what leaves dead rows behind last."""

import os
import platform
from typing import Any

from django.core.management import call_command
from django.db import connection

from bench import acts, checks, reads
from bench.figures import Figures, sizes_up_to
from bench.options import Options
from bench.world import World


def run(options: Options) -> Figures:
    figures = Figures(sizes_up_to(options.rows))
    call_command("migrate", interactive=False, verbosity=0)
    prepare_the_server()
    world = World.made(figures.sizes, figures.big)
    figures.machine = machine()
    reads.measure(figures, world, rounds=options.rounds)
    checks.measure(
        figures, world, rounds=options.rounds_of_load, seconds=options.seconds, with_peers=options.with_peers
    )
    acts.revoke_all(figures, world, rounds=options.rounds)
    acts.aftermath(figures, world, rounds=options.rounds)
    acts.update_rows(figures, world)
    return figures


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
