"""What PostgreSQL's planner believes of tables, where that is not so: before anybody has counted, or since they were
empty. Both happen: after a load, until the next ANALYZE comes round."""

from django.db import connection

_NEVER_ANALYSED = """
WITH forgotten AS (UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relname = ANY (%s) RETURNING oid)
DELETE FROM pg_statistic USING forgotten WHERE starelid = oid
"""
_ANALYSED_WHEN_EMPTY = """
WITH indexes AS (SELECT indexrelid FROM pg_index WHERE indrelid::regclass::text = ANY (%(tables)s))
UPDATE pg_class SET reltuples = 0, relpages = pg_relation_size(oid) / 8192
WHERE relname = ANY (%(tables)s) OR oid IN (SELECT indexrelid FROM indexes)
"""


def never_analysed(tables: list[str] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_NEVER_ANALYSED, [tables or connection.introspection.table_names(cursor)])


def analysed_when_empty(tables: list[str] | None = None) -> None:
    never_analysed(tables)
    with connection.cursor() as cursor:
        cursor.execute(_ANALYSED_WHEN_EMPTY, {"tables": tables or connection.introspection.table_names(cursor)})


BELIEFS = {"never analysed": never_analysed, "analysed when empty": analysed_when_empty}
