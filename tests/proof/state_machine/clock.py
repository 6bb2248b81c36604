"""A clock that only moves when it is set. The database and the id generator read it as the current time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from django.db import connection

# This schema comes first in the search path, before the system's, so that these functions replace its own.
FUNCTIONS = """
CREATE SCHEMA {schema};
CREATE FUNCTION {schema}.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT current_setting('curfew.now')::timestamptz $$;
CREATE FUNCTION {schema}.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT current_setting('curfew.now')::timestamptz $$;
"""
DEFAULTS = {
    "sessions_app_session": ("created_at", "last_activity_at", "due_at"),
    "sessions_app_sessionapplication": ("accessed_at",),
    "sessions_app_revocation": ("created_at",),
}
VIEWS = ("tenant_state", "session_state", "session_count_state")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    schema = "standing_still"

    def __init__(self, now: datetime) -> None:
        self.now = now

    def set(self, now: datetime) -> None:
        self.now = now
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('curfew.now', %s, true)", [now.isoformat()])

    def install(self) -> None:
        """Install the clock for this transaction.

        Views and column defaults resolved their functions when they were created, so they are created again.
        """
        with connection.cursor() as cursor:
            views = [self.definition(cursor, view) for view in VIEWS]
            cursor.execute(f"SET LOCAL search_path = {self.schema}, pg_catalog, public")
            for view in views:
                cursor.execute(view)
            for table, columns in DEFAULTS.items():
                changes = ", ".join(f"ALTER {column} SET DEFAULT statement_timestamp()" for column in columns)
                cursor.execute(f"ALTER TABLE {table} {changes}")
        self.set(self.now)

    def definition(self, cursor: Any, view: str) -> str:
        cursor.execute("SELECT definition FROM pg_views WHERE viewname = %s", [view])
        return f"CREATE OR REPLACE VIEW {view} AS {cursor.fetchone()[0]}"

    def time_ns(self) -> int:
        return (self.now - EPOCH) // timedelta(microseconds=1) * 1_000


@contextmanager
def frozen(clock: Clock) -> Iterator[None]:
    with patch("core.ids.time", SimpleNamespace(time_ns=clock.time_ns)):
        yield


@contextmanager
def clock_functions() -> Iterator[None]:
    """Commit the clock's functions in a schema that nobody else searches."""
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS.format(schema=Clock.schema))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {Clock.schema} CASCADE")
