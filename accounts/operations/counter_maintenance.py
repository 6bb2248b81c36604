"""Check and rebuild the user counters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that differs from the number of rows."""

    key: dict[str, Any]
    counted: int
    found: int


def differences() -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        for tenant_id, counted, found in cursor.fetchall():
            yield Difference({"tenant_id": tenant_id, "kind": "users"}, counted, found)


def recount() -> None:
    """Add to each counter what it lacks. Nobody has to wait: what others add meanwhile comes on top."""
    with connection.cursor() as cursor:
        cursor.execute(_CORRECT)


_DIFFERENCES = """
    SELECT tenant_id, coalesce(counter.n, 0) AS counted, coalesce(users.n, 0) AS found
    FROM accounts_usercount AS counter FULL JOIN (
        SELECT tenant_id, count(*) AS n FROM accounts_user WHERE deleted_at IS NULL GROUP BY tenant_id
    ) AS users USING (tenant_id)
    WHERE coalesce(counter.n, 0) <> coalesce(users.n, 0)
    ORDER BY tenant_id
"""
_CORRECT = f"""
    INSERT INTO accounts_usercount AS counter (tenant_id, n)
    SELECT tenant_id, found - counted FROM ({_DIFFERENCES}) AS difference
    ON CONFLICT (tenant_id) DO UPDATE SET n = counter.n + excluded.n
"""  # noqa: S608 - ours
