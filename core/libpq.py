"""Use Django's database connections through psycopg's libpq binding."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import ClientCursor, Connection, errors
from psycopg.adapt import AdaptersMap, Dumper, PyFormat, Transformer
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import BytesDumper


class _Call:
    """A libpq call with the interface of a cursor, for Django's cursor wrapper."""

    result: PGresult

    def __init__(self, psycopg_connection: Connection[Any], call: Callable[[PGconn], PGresult]) -> None:
        self._connection, self._call = psycopg_connection, call

    @property
    def _query(self) -> "_Logged":
        """The query that was sent, for Django's query log."""
        query, parameters = self._sent
        return _Logged(ClientCursor(self._connection).mogrify(query, parameters).encode())

    def execute(self, query: str, parameters: Any = None) -> None:
        self._sent = query, parameters
        result = self._call(self._connection.pgconn)
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            if result.error_field(DiagnosticField.SQLSTATE) is None:  # not from the server: the connection is lost
                raise errors.OperationalError(result.get_error_message())
            raise errors.error_from_result(result)
        self.result = result


class _Logged(NamedTuple):
    query: bytes


class _Adaptation(NamedTuple):
    """A connection's type adapters without a reference to it, so that it can be closed."""

    adapters: AdaptersMap
    connection: None = None


class _HexDumper(Dumper):
    """Dump bytes as hexadecimal text. psycopg's own dumper needs a connection, and there is none here."""

    oid = BytesDumper.oid

    def dump(self, obj: bytes) -> bytes:
        return b"\\x" + obj.hex().encode()


class Link:
    """A Django database connection, with the prepared names and the transformer of its psycopg connection."""

    by_connection: ClassVar[WeakKeyDictionary[Connection[Any], tuple[set[str], Any]]] = WeakKeyDictionary()

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self.database: Any = database
        state = self.by_connection.get(self.database.connection)
        if state is None:
            state = set(), _transformer(self.database.connection.adapters)
            self.by_connection[self.database.connection] = state
        self.prepared, self.transformer = state

    def run(self, call: Callable[[PGconn], PGresult], query: str, parameters: Any) -> PGresult:
        cursor: Any = _Call(self.database.connection, call)
        wrap = self.database.make_debug_cursor if self.database.queries_logged else self.database.make_cursor
        wrap(cursor).execute(query, parameters)
        return cursor.result

    def begin(self) -> None:
        """Begin a transaction, which psycopg does by itself only for statements that pass its cursors."""
        if self.database.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self.database.connection.execute("")

    def dumped(self, values: Sequence[Any]) -> Any:
        """Dump values as text, which PostgreSQL converts to the declared types."""
        return self.transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))


def _transformer(adapters: AdaptersMap) -> Any:
    ours = AdaptersMap(adapters)
    ours.register_dumper(bytes, _HexDumper)
    ours.register_loader("timestamptz", TimestamptzLoader)  # in C, and in UTC; Django's is in Python
    return Transformer(_Adaptation(ours))
