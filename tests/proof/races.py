"""Two processes that start an action together, with PostgreSQL's timestamps of their commits."""

import json
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.db import connection

from tests.servers import environment


class Racer:
    def __init__(self) -> None:
        self.is_in_step = True
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.racer"],
            cwd=settings.BASE_DIR,
            env=environment(settings.DATABASES["default"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, *acts: dict[str, Any]) -> None:
        """Do these one after the other."""
        assert self.process.stdin
        self.is_in_step = False
        self.process.stdin.write(json.dumps(acts) + "\n")
        self.process.stdin.flush()

    def hear(self) -> list[dict[str, Any]]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the racer fell; its error is above"
        self.is_in_step = True
        return json.loads(line)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Stable:
    """Racers for one test after the other. Who fell or has not answered yet is replaced before the next."""

    def __init__(self) -> None:
        self.racers: list[Racer] = []

    def ready(self, count: int) -> list[Racer]:
        for racer in [each for each in self.racers if not each.is_in_step]:
            racer.kill()
            self.racers.remove(racer)
        self.racers += [Racer() for _ in range(count - len(self.racers))]
        return self.racers[:count]

    def close(self) -> None:
        for racer in self.racers:
            racer.kill()


def committed(table: str, key: str, values: list[str]) -> dict[str, int]:
    """When the transactions that wrote these rows committed, by the value of `key`."""
    when = microseconds("pg_xact_commit_timestamp(xmin)")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}::text, {when} FROM {table} WHERE {key}::text = ANY(%s)", [values])
        return dict(cursor.fetchall())


def microseconds(moment: str) -> str:
    return f"(extract(epoch FROM {moment}) * 1000000)::bigint"
