"""`make bench`: a database of its own, a million sessions, every goal; a table here and in results.md, and a plot."""

import os
import secrets
import signal
import sys
from typing import NoReturn

from bench import place
from bench.options import Options
from config.postgres import PostgresError


def main() -> int:
    options = Options.read(sys.argv[1:])
    home = place.home()
    os.environ |= {
        "CURFEW_ENV": "development",
        "CURFEW_HOME": str(home),
        "DATABASE_URL": "",  # empty, not absent: a .env beside the project may name a database that is somebody's
        "SECRET_KEY": secrets.token_urlsafe(),
        "CRON_SECRET": secrets.token_urlsafe(),
        "DJANGO_SETTINGS_MODULE": "bench.ours.settings",
    }
    signal.signal(signal.SIGTERM, stop)
    try:
        with place.database(home):
            measure(options)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left behind.", file=sys.stderr)
        return 130
    except (place.Taken, PostgresError) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def measure(options: Options) -> None:
    # Django reads its settings when it is imported: only now do they say where the database is.
    import django

    django.setup()
    from bench import course, plot, report

    figures = course.run(options)
    print(report.table(figures))
    (options.into / "results.md").write_text(report.page(figures))
    (options.into / "cost.svg").write_text(plot.drawn(figures))
    print(f"\nWritten to {options.into / 'results.md'} and {options.into / 'cost.svg'}.")


def stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
