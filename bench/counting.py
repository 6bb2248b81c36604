"""How many statements a request sends and how many rows it touches: asked in this process, told by the database."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median_low

from django.db import connection

from config import postgres
from config.postgres.server_home import ServerHome

TIMES = 3
# What opens and closes transactions, and what is sent once for a connection, is no statement of a request's.
CONTROL = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PREPARE", "DEALLOCATE", "SET", "SHOW"}
# Rows of tables and entries of indexes that were read, and rows that were written. A row that is found by an index
# counts once, as an entry of the index.
_ROWS = """
    SELECT (SELECT coalesce(sum(seq_tup_read + n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables)
         + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)
"""


@dataclass(frozen=True)
class Work:
    statements: int
    rows: int


def work_of(act: Callable[[], object]) -> Work:
    """Of one call, once the statements that are prepared are prepared."""
    act()
    each = [once(act) for _ in range(TIMES)]
    return Work(median_low(work.statements for work in each), median_low(work.rows for work in each))


def once(act: Callable[[], object]) -> Work:
    before = rows_touched()
    with logged() as statements:
        act()
    return Work(len(statements), rows_touched() - before)


@contextmanager
def logged() -> Iterator[list[str]]:
    """The first word of each statement that this connection sends meanwhile, by the server's own log.

    It also has those that go past Django, straight to libpq.
    """
    verbs: list[str] = []
    with connection.cursor() as cursor, open(ServerHome(postgres.home()).log, errors="replace") as log:
        cursor.execute("SELECT pg_backend_pid()")
        line = re.compile(rf"\[{cursor.fetchone()[0]}\] LOG:  (?:statement|execute [^:]*): \s*(\w+)")
        log.seek(0, 2)
        cursor.execute("SET log_statement = 'all'")
        try:
            yield verbs
        finally:
            cursor.execute("RESET log_statement")
        found = (line.search(text) for text in log)
        verbs += [match[1].upper() for match in found if match and match[1].upper() not in CONTROL | {"RESET"}]


def rows_touched() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(_ROWS)
        return int(cursor.fetchone()[0])
