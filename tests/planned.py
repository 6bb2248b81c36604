"""Statements that a worker sends thousands of times are planned once on its connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import Connection

from core.prepared import Prepared

_send = Prepared._send
_planned: WeakKeyDictionary[Connection, set[str]] = WeakKeyDictionary()


def plan(name: str, statement: str) -> None:
    """Make `EXECUTE name` possible, if it is not yet."""
    connection.ensure_connection()
    names = _planned.setdefault(connection.connection, set())
    if name not in names:
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE {name} AS {statement}")
        names.add(name)


@contextmanager
def prepared_in_transactions() -> Iterator[None]:
    """The product sends its prepared statements whole in a transaction, for a pooler could be in between. Each test is
    a transaction, and there is no pooler."""
    with patch.object(Prepared, "_send", Prepared._send_by_name):
        yield


@contextmanager
def sent_whole_in_transactions() -> Iterator[None]:
    """For tests whose subject that is."""
    with patch.object(Prepared, "_send", _send):
        yield
