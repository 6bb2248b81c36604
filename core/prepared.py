"""Queries that are compiled once and executed many times, without the ORM's compiler and psycopg's cursors.

Statements are sent through psycopg's libpq binding, inside Django's cursor wrapper: queries are logged and counted,
`execute_wrapper` sees them, and errors are Django's.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import IPv4Address
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, connections
from django.db.models import QuerySet
from psycopg import errors, sql
from psycopg.pq.abc import PGconn, PGresult

from core.libpq import Link

Rows = list[tuple[Any, ...]]
_RANDOM = UUID(int=secrets.randbits(100) << 20)


class Statement:
    """A query that is compiled once, and planned at each execution for its values.

    `build` makes the query with placeholders for the values; `stand_ins` lists these, in order, with their types. A
    placeholder is recognised by its value, so nothing else in the query may have that value.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]], stand_ins: Mapping[Any, str]) -> None:
        self._build, self._stand_ins = build, stand_ins

    def fetch(self, *values: Any) -> Rows:
        """Execute the query, and return its rows as `values_list()` does."""
        database = connections[DEFAULT_DB_ALIAS]  # not the proxy `connection`, which would cost more than the query
        database.ensure_connection()
        link = Link(database)
        try:
            result = self._send(link, values)
        except EmptyResultSet:  # known by the compiler without a query
            return []
        link.transformer.set_pgresult(result)
        rows = link.transformer.load_rows(0, result.ntuples, tuple)
        return self._compiled.converted(rows)

    def fetch_dicts(self, *values: Any) -> list[dict[str, Any]]:
        """Execute the query, and return its rows as `values()` does."""
        rows = self.fetch(*values)
        return [dict(zip(self._compiled.names, row, strict=True)) for row in rows]

    def _send(self, link: Link, values: Sequence[Any]) -> PGresult:
        if not link.database.autocommit:
            link.begin()

        def call(libpq: PGconn) -> PGresult:
            return libpq.exec_params(self._text.encode(), link.dumped(values), self._types)

        return link.run(call, self._loggable, dict(zip(self._names, values, strict=True)))

    @cached_property
    def _names(self) -> list[str]:
        return [f"value_{number}" for number in range(1, len(self._stand_ins) + 1)]

    @cached_property
    def _text(self) -> str:
        return self._compiled.fill([f"${number}" for number in range(1, len(self._stand_ins) + 1)])

    @cached_property
    def _loggable(self) -> str:
        """The statement with named parameters, and other per cent signs doubled, for the query log."""
        return self._compiled.fill([f"%({name})s" for name in self._names], escaped=True)

    @cached_property
    def _types(self) -> list[int]:
        types = connection.connection.adapters.types
        return [types.get_oid(name) for name in self._stand_ins.values()]

    @cached_property
    def _compiled(self) -> "_Compiled":
        return _Compiled.compile(self._build(), list(self._stand_ins))


class Prepared(Statement):
    """A query that is also planned only once on each connection, for the few that serve most requests.

    In a transaction it is sent as a whole: behind a pooler, the connection may not have the prepared statement, and
    the error would abort the transaction.
    """

    def _send(self, link: Link, values: Sequence[Any]) -> PGresult:
        return self._send_by_name(link, values) if link.database.autocommit else super()._send(link, values)

    def _send_by_name(self, link: Link, values: Sequence[Any]) -> PGresult:
        if self._name not in link.prepared:
            self._prepare(link)
            link.prepared.add(self._name)
        try:
            return self._execute(link, values)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, errors.InvalidSqlStatementName):
                raise
            self._prepare(link)  # a pooler has switched or reset the connection
            return self._execute(link, values)

    def _execute(self, link: Link, values: Sequence[Any]) -> PGresult:
        def call(libpq: PGconn) -> PGresult:
            return libpq.exec_prepared(self._name.encode(), link.dumped(values))

        return link.run(call, self._execution, values)

    def _prepare(self, link: Link) -> None:
        def call(libpq: PGconn) -> PGresult:
            return libpq.prepare(self._name.encode(), self._text.encode(), self._types)

        try:
            link.run(call, f"PREPARE {self._name} AS {self._text}", None)
        except ProgrammingError as error:
            # Another client of a pooler has prepared it: equal names mean equal statements.
            if not isinstance(error.__cause__, errors.DuplicatePreparedStatement):
                raise

    @cached_property
    def _execution(self) -> str:
        placeholders = f" ({', '.join(['%s'] * len(self._stand_ins))})" if self._stand_ins else ""
        return f"EXECUTE {self._name}{placeholders}"

    @cached_property
    def _name(self) -> str:
        """A name derived from the statement, so that other versions on a shared connection have other names."""
        identity = f"{self._text} {list(self._stand_ins.values())}"
        return f"curfew_{hashlib.sha256(identity.encode()).hexdigest()[:24]}"


def stand_in(type: str, number: int) -> Any:  # noqa: A002 - PostgreSQL's word
    """Return a placeholder: a value that nothing else in a query has, and that differs in each process."""
    match type:
        case "uuid":
            return UUID(int=_RANDOM.int + number)
        case "timestamptz":
            return datetime(1, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        case "inet":
            return IPv4Address(number)
        case _:
            return f"value {_RANDOM.hex} number {number}."


class _Compiled(NamedTuple):
    """The result of the ORM's compiler."""

    template: str
    parameters: tuple[Any, ...]
    stand_ins: list[Any]
    names: Sequence[str]
    converters: Mapping[int, Any]
    compiler: Any

    @classmethod
    def compile(cls, rows: QuerySet[Any, Any], stand_ins: list[Any]) -> "_Compiled":
        compiler = rows.query.get_compiler(connection.alias)
        template, parameters = compiler.as_sql()
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        query: Any = rows.query
        names = query.selected or (*query.values_select, *query.annotation_select)  # as `values()` has them
        return cls(template, tuple(parameters), stand_ins, tuple(names), converters, compiler)

    def fill(self, placeholders: list[str], *, escaped: bool = False) -> str:
        """Return the statement with its constants, and these placeholders for the values."""
        placeholder_of = dict(zip(self.stand_ins, placeholders, strict=True))
        template = self.template.replace("%%", "%%%%") if escaped else self.template
        return template % tuple(
            placeholder_of[each] if _is_among(each, placeholder_of) else _literal(each, escaped=escaped)
            for each in self.parameters
        )

    def converted(self, rows: Rows) -> Rows:
        if not self.converters:
            return rows
        return [tuple(row) for row in self.compiler.apply_converters(rows, self.converters)]


def _literal(value: Any, *, escaped: bool) -> str:
    text = sql.Literal(value).as_string(connection.connection)
    return text.replace("%", "%%") if escaped else text


def _is_among(value: Any, placeholders: Mapping[Any, str]) -> bool:
    return value.__hash__ is not None and value in placeholders
