"""Rate limits, counted in the database for all processes together."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from core.crypto import digest

# The row counts an agent's requests in its most recent minute. A request above the limit changes nothing and returns
# no row.
_COUNT = """
WITH counted AS (
  INSERT INTO accounts_agentminute AS row (agent_id, began_at, requests)
  VALUES (%(agent)s, date_trunc('minute', clock_timestamp()), 1)
  ON CONFLICT (agent_id) DO UPDATE SET
    began_at = greatest(row.began_at, excluded.began_at),
    requests = CASE WHEN row.began_at >= excluded.began_at THEN row.requests + 1 ELSE 1 END
  WHERE row.began_at < excluded.began_at OR row.requests < %(limit)s
  RETURNING requests
)
SELECT (SELECT requests FROM counted), ceil(60 - extract(second FROM clock_timestamp()))::int
"""


# The row counts a caller's requests in a window that begins with the first request after the previous window.
_COUNT_WITHIN = """
WITH counted AS (
  INSERT INTO accounts_signinthrottle AS row (key, failures, window_began_at) VALUES (%(key)s, 1, statement_timestamp())
  ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN {is_over} THEN 1 ELSE row.failures + 1 END,
    window_began_at = CASE WHEN {is_over} THEN statement_timestamp() ELSE row.window_began_at END
  WHERE {is_over} OR row.failures < %(limit)s
  RETURNING failures
)
SELECT (SELECT failures FROM counted), (
  SELECT ceil(extract(epoch FROM window_began_at + %(window)s - statement_timestamp()))::int
  FROM accounts_signinthrottle WHERE key = %(key)s
)
""".format(is_over="row.window_began_at <= statement_timestamp() - %(window)s")  # noqa: S608 - ours


class RateLimited(Exception):
    def __init__(self, retry_after: int) -> None:
        super().__init__(f"as many requests as its limit allows; try again in {retry_after} s")
        self.retry_after = retry_after


def count_request(agent_id: UUID, limit: int) -> None:
    """Count one request, or raise RateLimited without counting it."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"agent": agent_id, "limit": limit})
        requests, retry_after = cursor.fetchone()
    if requests is None:
        raise RateLimited(max(1, retry_after))


def count_request_by(caller: str, limit: int, window: timedelta) -> None:
    """Count one request of any caller in a window of time, or raise RateLimited without counting it."""
    parameters: dict[str, Any] = {"key": digest(f"pace:{caller}"), "limit": limit, "window": window}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_WITHIN, parameters)
        requests, retry_after = cursor.fetchone()
    if requests is None:
        raise RateLimited(max(1, retry_after or int(window.total_seconds())))
