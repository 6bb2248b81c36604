"""Two processes, told to begin together, and what PostgreSQL says about when each of them committed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection

from tests.servers import database_url


class Racer:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.racer"],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": database_url(settings.DATABASES["default"]),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, *acts: dict[str, Any]) -> None:
        """Do these one after the other."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(acts) + "\n")
        self.process.stdin.flush()

    def hear(self) -> list[dict[str, Any]]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the racer fell; its error is above"
        return json.loads(line)

    def leave(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def racing(count: int) -> Iterator[list[Racer]]:
    racers = [Racer() for _ in range(count)]
    try:
        yield racers
    finally:
        for racer in racers:
            racer.leave()


def committed(table: str, key: str, values: list[str]) -> dict[str, int]:
    """When the transactions that wrote these rows committed, by the value of `key`."""
    when = microseconds("pg_xact_commit_timestamp(xmin)")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}::text, {when} FROM {table} WHERE {key}::text = ANY(%s)", [values])
        return dict(cursor.fetchall())


def microseconds(moment: str) -> str:
    return f"(extract(epoch FROM {moment}) * 1000000)::bigint"
