"""Queries that are put together once, and planned once on each connection: for the few that answer every request."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import QuerySet
from psycopg import Connection, errors, sql


class Prepared:
    """`build` makes the query with stand-ins where the values go; `stand_ins` says which, in order, and of what type.

    A stand-in is recognised by its value, so it must be one that nothing else in the query has.
    """

    _known: WeakKeyDictionary[Connection[Any], set[str]] = WeakKeyDictionary()

    def __init__(self, build: Callable[[], QuerySet[Any]], stand_ins: Mapping[Any, str]) -> None:
        self._build, self._stand_ins = build, stand_ins

    def ask(self, *values: Any) -> list[tuple[Any, ...]]:
        connection.ensure_connection()
        known = self._known.setdefault(connection.connection, set())
        if self._name not in known:
            self._prepare()
            known.add(self._name)
        try:
            return self._execute(values)
        except Exception as error:
            # A pooler may have given us a connection that somebody else prepared, or cleaned.
            if not isinstance(error.__cause__, errors.InvalidSqlStatementName) or connection.in_atomic_block:
                raise
            self._prepare()
            return self._execute(values)

    def _execute(self, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        given = f" ({', '.join(['%s'] * len(values))})" if values else ""
        with connection.cursor() as cursor:
            cursor.execute(f"EXECUTE {self._name}{given}", values)
            return cursor.fetchall()

    def _prepare(self) -> None:
        types = f" ({', '.join(self._stand_ins.values())})" if self._stand_ins else ""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [self._name])
            if not cursor.fetchone()[0]:
                cursor.execute(f"PREPARE {self._name}{types} AS {self._text}".replace("%", "%%"), [])

    @cached_property
    def _name(self) -> str:
        """Another text is another statement, also for whoever shares the connection and is of another version."""
        return f"curfew_{hashlib.sha256(self._text.encode()).hexdigest()[:24]}"

    @cached_property
    def _text(self) -> str:
        template, parameters = self._build().query.sql_with_params()
        places = {value: f"${number}" for number, value in enumerate(self._stand_ins, 1)}
        filled = [
            places[each] if _is_among(each, places) else sql.Literal(each).as_string(connection.connection)
            for each in parameters
        ]
        return template % tuple(filled)


def _is_among(value: Any, places: Mapping[Any, str]) -> bool:
    return value.__hash__ is not None and value in places
