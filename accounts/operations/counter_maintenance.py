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
    actual: int


def differences() -> Iterator[Difference]:
    """Compare the counters with the users."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        for tenant_id, counted, actual in cursor.fetchall():
            yield Difference({"tenant_id": tenant_id, "kind": "users"}, counted, actual)


def recount() -> None:
    """Add the difference to each counter, without a lock, since concurrent changes add to it as well."""
    with connection.cursor() as cursor:
        cursor.execute(_CORRECT)


_DIFFERENCES = """
    SELECT tenant_id, coalesce(counter.n, 0) AS counted, coalesce(users.n, 0) AS actual
    FROM accounts_usercount AS counter FULL JOIN (
        SELECT tenant_id, count(*) AS n FROM accounts_user WHERE deleted_at IS NULL GROUP BY tenant_id
    ) AS users USING (tenant_id)
    WHERE coalesce(counter.n, 0) <> coalesce(users.n, 0)
    ORDER BY tenant_id
"""
_CORRECT = f"""
    INSERT INTO accounts_usercount AS counter (tenant_id, n)
    SELECT tenant_id, actual - counted FROM ({_DIFFERENCES}) AS difference
    ON CONFLICT (tenant_id) DO UPDATE SET n = counter.n + excluded.n
"""  # noqa: S608 - ours
