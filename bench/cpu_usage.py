"""CPU time of a server and of its database, from the operating system's accounting.

On a busy machine a request takes longer, but it does not use more CPU.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from bench.servers import Server

PROC = Path("/proc")
TICKS, NANOSECONDS = os.sysconf("SC_CLK_TCK"), 1e9
# Fields of /proc/<pid>/stat, counted after the process name, which may hold any character: proc(5).
PARENT, GROUP, USER, SYSTEM, REAPED_USER, REAPED_SYSTEM = 1, 2, 11, 12, 13, 14
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = %s"


@dataclass(frozen=True)
class CpuSeconds:
    python: float
    database: float

    def since(self, before: "CpuSeconds") -> "CpuSeconds":
        return CpuSeconds(self.python - before.python, self.database - before.database)


def cpu_seconds(server: Server) -> CpuSeconds:
    """Return the CPU that all processes of the server and the database backends of its connections have used."""
    return CpuSeconds(sum(map(seconds_of, processes_of(server.pid))), database_seconds(server.name))


def processes_of(leader: int) -> list[int]:
    """Return the processes in a server's process group, of which its first process is the leader."""
    all_pids = [int(each.name) for each in PROC.iterdir() if each.name.isdecimal()]
    return [pid for pid in all_pids if (fields := stat(pid)) and int(fields[GROUP]) == leader]


def database_seconds(name: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(_BACKENDS, [name])
        backends = [pid for (pid,) in cursor.fetchall()]
        cursor.execute("SELECT pg_backend_pid()")
        parent = int(stat(cursor.fetchone()[0])[PARENT])
    # Parallel workers have ended by now; their CPU is in the account of the process that started them.
    return sum(map(seconds_of, backends)) + reaped_seconds_of(parent)


def seconds_of(pid: int) -> float:
    """Return a process's CPU time, to the nanosecond where the kernel keeps it, else in ticks of 10 ms.

    It is zero for a process that has ended.
    """
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
    """Return the fields of a process's `stat` file after its name; none if the process has ended."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
