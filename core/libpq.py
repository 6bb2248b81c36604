"""Django's connections to the database, spoken to through psycopg's own libpq binding."""

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
    """One call of libpq in the shape of a cursor, so that Django's wrapper can hold it."""

    result: PGresult

    def __init__(self, psycopg_connection: Connection[Any], call: Callable[[PGconn], PGresult]) -> None:
        self._connection, self._call = psycopg_connection, call

    @property
    def _query(self) -> "_Logged":
        """Where Django's PostgreSQL backend looks for what was sent, if it is to log that."""
        query, parameters = self._sent
        return _Logged(ClientCursor(self._connection).mogrify(query, parameters).encode())

    def execute(self, query: str, parameters: Any = None) -> None:
        self._sent = query, parameters
        result = self._call(self._connection.pgconn)
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            if result.error_field(DiagnosticField.SQLSTATE) is None:  # the server did not say it: it has gone
                raise errors.OperationalError(result.get_error_message())
            raise errors.error_from_result(result)
        self.result = result


class _Logged(NamedTuple):
    query: bytes


class _Adaptation(NamedTuple):
    """What the connection knows of types, without the connection: that is not to be kept from being closed."""

    adapters: AdaptersMap
    connection: None = None


class _HexDumper(Dumper):
    """Bytes as hexadecimal text. psycopg's own dumper asks the connection how to escape, and there is none here."""

    oid = BytesDumper.oid

    def dump(self, obj: bytes) -> bytes:
        return b"\\x" + obj.hex().encode()


class Link:
    """A database connection of Django's, and what is kept for the connection of psycopg's in it."""

    by_connection: ClassVar[WeakKeyDictionary[Connection[Any], tuple[set[str], Any]]] = WeakKeyDictionary()

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self.database: Any = database
        kept = self.by_connection.get(self.database.connection)
        if kept is None:
            kept = self.by_connection[self.database.connection] = set(), _transformer(self.database.connection.adapters)
        self.prepared, self.transformer = kept

    def run(self, call: Callable[[PGconn], PGresult], query: str, parameters: Any) -> PGresult:
        cursor: Any = _Call(self.database.connection, call)
        wrap = self.database.make_debug_cursor if self.database.queries_logged else self.database.make_cursor
        wrap(cursor).execute(query, parameters)
        return cursor.result

    def begin(self) -> None:
        """Without autocommit, psycopg begins a transaction with the first statement that passes its cursors."""
        if self.database.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self.database.connection.execute("")

    def dumped(self, values: Sequence[Any]) -> Any:
        """As text, which fits whatever type is declared."""
        return self.transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))


def _transformer(adapters: AdaptersMap) -> Any:
    ours = AdaptersMap(adapters)
    ours.register_dumper(bytes, _HexDumper)
    ours.register_loader("timestamptz", TimestamptzLoader)  # in C, and in UTC; Django's is in Python
    return Transformer(_Adaptation(ours))
