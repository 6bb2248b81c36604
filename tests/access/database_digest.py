"""A digest of the database's contents, equal before and after a request that must change nothing."""

from functools import cache

from django.db import connection

from tests.planned import plan

# A refusal is recorded, a wrong password is counted, and whoever was let in was seen: none of it is the act.
NOT_COMPARED = {"audit_auditentry", "audit_chain", "accounts_signinthrottle"}
TOUCHED = {"last_activity_at", "last_ip_address", "last_used_at"}


def database_digest() -> list[tuple[str, int, int]]:
    """Each table's name, its number of rows, and the sum of their hashes."""
    plan("footprint", _statement())
    with connection.cursor() as cursor:
        cursor.execute("EXECUTE footprint")
        return cursor.fetchall()


@cache
def _statement() -> str:
    numbers = " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(sum(hashtextextended(ROW({', '.join(columns)})::text, 0)), 0)"
        f' FROM "{table}"'
        for table, columns in sorted(_tables().items())
        if table not in NOT_COMPARED
    )
    return f"{numbers} ORDER BY 1"  # large tables may be read side by side


def _tables() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
            " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables: dict[str, list[str]] = {}
        for table, column in cursor.fetchall():
            if column not in TOUCHED:
                tables.setdefault(table, []).append(f'"{column}"')
        return tables
