"""Insert rows by PostgreSQL's binary COPY: copies of a template row, except for the columns that vary."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import connection
from django.db.models import Model
from psycopg import Cursor
from psycopg.copy import QueuedLibpqWriter

NULL = struct.pack(">i", -1)
_HEADER = struct.pack(">11sii", b"PGCOPY\n\xff\r\n\0", 0, 0)
_TRAILER = struct.pack(">h", -1)
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid::regclass::text = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


def field(value: bytes | str | UUID | bool | None) -> bytes:
    """Encode one column for binary COPY: its length, then its bytes."""
    match value:
        case None:
            return NULL
        case str():
            value = value.encode()
        case UUID():
            value = value.bytes
        case bool():
            value = b"\1" if value else b"\0"
    return struct.pack(">i", len(value)) + value


def copy_rows(
    template: Model, varying: Sequence[str], chunks: Iterator[list[bytes]], *, constant: dict[str, bytes]
) -> None:
    """Insert a row for each item of `chunks`, which holds the encoded `varying` columns.

    The `constant` columns are the same in every row; all others are copied from `template`. Triggers and foreign keys
    are off: the caller guarantees that the keys are valid, and rebuilds the counters afterwards.
    """
    rest = {name: value for name, value in encoded_fields(template).items() if name not in varying} | constant
    columns = [*varying, *rest]
    row_start, row_end = struct.pack(">h", len(columns)), b"".join(rest.values())
    separator = row_end + row_start
    with Cursor(connection.connection) as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        statement = f"COPY {template._meta.db_table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
        # The writer is a thread: rows are encoded here while the server works on the chunk before.
        with cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as copy:
            copy.write(_HEADER)
            for chunk in chunks:
                copy.write(row_start + separator.join(chunk) + row_end)
            copy.write(_TRAILER)
        cursor.execute("SET LOCAL session_replication_role = origin")


def encoded_fields(template: Model) -> dict[str, bytes]:
    columns = [str(each.column) for each in template._meta.concrete_fields]
    listed = ", ".join(columns)
    with Cursor(connection.connection) as cursor:
        cursor.execute(f"SELECT {listed} FROM {template._meta.db_table} WHERE id = %s", [template.pk], binary=True)
        assert cursor.pgresult
        return {column: field(cursor.pgresult.get_value(0, number)) for number, column in enumerate(columns)}


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Drop the tables' indexes and build them again at the end, which is far faster than maintaining them.

    Indexes that belong to a constraint are kept.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            cursor.execute(definition)
