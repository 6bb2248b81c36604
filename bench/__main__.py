"""Run `make bench`: print a table of the goals, and write results.md and cost.svg.

The run has a database server of its own. Its largest tenant has a million sessions unless another number is given.
"""

import os
import secrets
import signal
import sys
from typing import NoReturn

from bench import bench_home
from bench.options import Options
from config.postgres import PostgresError


def main() -> int:
    options = Options.read(sys.argv[1:])
    home = bench_home.path()
    os.environ |= {
        "CURFEW_ENV": "development",
        "CURFEW_HOME": str(home),
        "DATABASE_URL": "",  # empty, not absent, so that a .env beside the project cannot name another database
        "SECRET_KEY": secrets.token_urlsafe(),
        "CRON_SECRET": secrets.token_urlsafe(),
        "DJANGO_SETTINGS_MODULE": "bench.product.settings",
    }
    signal.signal(signal.SIGTERM, stop)
    try:
        with bench_home.database(home):
            measure(options)
    except KeyboardInterrupt:
        print("\nStopped. The database has been removed.", file=sys.stderr)
        return 130
    except (bench_home.AlreadyRunning, PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measure(options: Options) -> None:
    # Django reads its settings on import, and they need the environment that `main` has just set.
    import django

    django.setup()
    from bench import plot, report, run

    figures = run.measure(options)
    print(report.table(figures))
    (options.into / "results.md").write_text(report.page(figures))
    (options.into / "cost.svg").write_text(plot.render(figures))
    print(f"\nWritten to {options.into / 'results.md'} and {options.into / 'cost.svg'}.")


def stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
