"""PostgreSQL's COPY in its binary format, for rows that are like one that exists but for some columns."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import connection
from django.db.models import Model
from psycopg import Cursor
from psycopg.copy import QueuedLibpqWriter

NULL = struct.pack(">i", -1)
_BEGINNING = struct.pack(">11sii", b"PGCOPY\n\xff\r\n\0", 0, 0)
_END = struct.pack(">h", -1)
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid::regclass::text = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


def field(value: bytes | str | UUID | bool | None) -> bytes:
    """A column as it goes over the wire: its length, then itself."""
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


def copy_in(model: Model, varying: Sequence[str], chunks: Iterator[list[bytes]], *, same: dict[str, bytes]) -> None:
    """A row for each line, with `varying` from it, `same` for all of them, and the rest as `model` has it.

    Neither triggers nor foreign keys are asked: whoever copies answers for the keys, and counts afterwards.
    """
    rest = {name: value for name, value in fields_of(model).items() if name not in varying} | same
    columns = [*varying, *rest]
    beginning, ending = struct.pack(">h", len(columns)), b"".join(rest.values())
    between = ending + beginning
    with Cursor(connection.connection) as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        copied = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
        # Writes from a thread of its own, so that rows are made here while the server digests the last ones.
        with cursor.copy(copied, writer=QueuedLibpqWriter(cursor)) as copy:
            copy.write(_BEGINNING)
            for chunk in chunks:
                copy.write(beginning + between.join(chunk) + ending)
            copy.write(_END)
        cursor.execute("SET LOCAL session_replication_role = origin")


def fields_of(model: Model) -> dict[str, bytes]:
    columns = [str(each.column) for each in model._meta.concrete_fields]
    listed = ", ".join(columns)
    with Cursor(connection.connection) as cursor:
        cursor.execute(f"SELECT {listed} FROM {model._meta.db_table} WHERE id = %s", [model.pk], binary=True)
        assert cursor.pgresult
        return {column: field(cursor.pgresult.get_value(0, number)) for number, column in enumerate(columns)}


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Made at once at the end, they cost a fraction. What a constraint rests on stays."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            cursor.execute(definition)
