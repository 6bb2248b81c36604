"""How much CPU a server and its database have used, by the operating system's own accounting.

A busy machine makes a request take longer; it does not make it use more CPU.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from bench.serving import Server

PROC = Path("/proc")
TICKS, NANOSECONDS = os.sysconf("SC_CLK_TCK"), 1e9
# Fields of /proc/<pid>/stat, counted from behind the name, which may hold anything: proc(5).
PARENT, GROUP, USER, SYSTEM, REAPED_USER, REAPED_SYSTEM = 1, 2, 11, 12, 13, 14
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = %s"


@dataclass(frozen=True)
class Used:
    """Seconds of CPU."""

    python: float
    database: float

    def since(self, before: "Used") -> "Used":
        return Used(self.python - before.python, self.database - before.database)


def used(server: Server) -> Used:
    """By all processes of the server, and by the backends that work for it."""
    return Used(sum(map(seconds_of, group(server.pid))), database_seconds(server.name))


def group(leader: int) -> list[int]:
    """A server's processes: it was started as the leader of a group of its own."""
    everybody = [int(each.name) for each in PROC.iterdir() if each.name.isdecimal()]
    return [pid for pid in everybody if (fields := stat(pid)) and int(fields[GROUP]) == leader]


def database_seconds(name: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(_BACKENDS, [name])
        backends = [pid for (pid,) in cursor.fetchall()]
        cursor.execute("SELECT pg_backend_pid()")
        parent = int(stat(cursor.fetchone()[0])[PARENT])
    # What helped with a large query has ended by now: its CPU is in the account of the process that started it.
    return sum(map(seconds_of, backends)) + reaped_seconds_of(parent)


def seconds_of(pid: int) -> float:
    """To the nanosecond where the kernel tells it, else in its ticks of 10 ms. Nothing for a process that has ended."""
    try:
        threads = [each.read_text() for each in (PROC / str(pid) / "task").glob("*/schedstat")]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    if threads:
        return sum(int(text.split()[0]) for text in threads) / NANOSECONDS
    return ticks_of(pid, USER, SYSTEM)


def reaped_seconds_of(pid: int) -> float:
    return ticks_of(pid, REAPED_USER, REAPED_SYSTEM)


def ticks_of(pid: int, *columns: int) -> float:
    fields = stat(pid)
    return sum(int(fields[each]) for each in columns) / TICKS if fields else 0.0


def stat(pid: int) -> list[str]:
    """Empty for a process that has ended."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
