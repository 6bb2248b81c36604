"""Count the SQL statements of a request and the rows it touches, from PostgreSQL's own log and statistics."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median_low

from django.db import connection

from config import postgres
from config.postgres.server_home import ServerHome

REPETITIONS = 3
# Statements that control transactions, or that a connection sends once, do not count as a request's own.
CONTROL = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PREPARE", "DEALLOCATE", "SET", "SHOW"}
# Table rows and index entries read, and rows written. A row that is read through an index counts once, as its entry.
_ROWS = """
    SELECT (SELECT coalesce(sum(seq_tup_read + n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables)
         + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)
"""


@dataclass(frozen=True)
class WorkCount:
    statements: int
    rows: int


def count_work(call: Callable[[], object]) -> WorkCount:
    """Return the median count of a few calls, after a first call that prepares the connection's statements."""
    call()
    counts = [count_once(call) for _ in range(REPETITIONS)]
    return WorkCount(median_low(count.statements for count in counts), median_low(count.rows for count in counts))


def count_once(call: Callable[[], object]) -> WorkCount:
    before = rows_touched()
    with logged_statements() as statements:
        call()
    return WorkCount(len(statements), rows_touched() - before)


@contextmanager
def logged_statements() -> Iterator[list[str]]:
    """Collect the first word of each statement that this connection sends inside the block, from the server's log.

    The log includes the statements that bypass Django and go straight to libpq.
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
        matches = (line.search(text) for text in log)
        verbs += [match[1].upper() for match in matches if match and match[1].upper() not in CONTROL | {"RESET"}]


def rows_touched() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(_ROWS)
        return int(cursor.fetchone()[0])
