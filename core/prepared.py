"""Queries that are put together once, and planned once on each connection: for the few that answer every request."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.db import ProgrammingError, connection
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
        """In a transaction it is sent whole: behind a pooler nobody knows what that one connection has prepared, and
        to find out the hard way would break the transaction off."""
        connection.ensure_connection()
        if connection.in_atomic_block:
            return self._send(values)
        known = self._known.setdefault(connection.connection, set())
        if self._name not in known:
            self._prepare()
            known.add(self._name)
        try:
            return self._execute(values)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, errors.InvalidSqlStatementName):
                raise
            self._prepare()  # a pooler has given us another connection, or cleaned ours
            return self._execute(values)

    def _send(self, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        whole = self._filled(["%s"] * len(values), escaped=True)
        given = dict(zip(self._stand_ins, values, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(whole, [given[each] for each in self._compiled[1] if _is_among(each, given)])
            return cursor.fetchall()

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
                cursor.execute(f"PREPARE {self._name}{types} AS {self._text}")

    @cached_property
    def _name(self) -> str:
        """Another text is another statement, also for whoever shares the connection and is of another version."""
        return f"curfew_{hashlib.sha256(self._text.encode()).hexdigest()[:24]}"

    @cached_property
    def _text(self) -> str:
        return self._filled([f"${number}" for number in range(1, len(self._stand_ins) + 1)])

    def _filled(self, places: list[str], *, escaped: bool = False) -> str:
        """The statement with its constants in it. Where a per cent sign is to stay one, it is doubled."""
        template, parameters = self._compiled
        at = dict(zip(self._stand_ins, places, strict=True))
        constants = (sql.Literal(each).as_string(connection.connection) for each in parameters)
        doubled = (constant.replace("%", "%%") if escaped else constant for constant in constants)
        text = template.replace("%%", "%%%%") if escaped else template
        return text % tuple(
            at[each] if _is_among(each, at) else constant for each, constant in zip(parameters, doubled, strict=True)
        )

    @cached_property
    def _compiled(self) -> tuple[str, tuple[Any, ...]]:
        return self._build().query.sql_with_params()


def _is_among(value: Any, places: Mapping[Any, str]) -> bool:
    return value.__hash__ is not None and value in places
