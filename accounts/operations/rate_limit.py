"""How many requests somebody may make in a while, counted for all processes in one place."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from core.crypto import digest

# The row is the agent's, for the minute that it last came in; one that is too many changes nothing and returns none.
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


# A caller's row is their present while, which begins with the first request after the one before was over.
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
    """The same of anybody, by whatever names them: so many in a while of that length."""
    parameters: dict[str, Any] = {"key": digest(f"pace:{caller}"), "limit": limit, "window": window}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_WITHIN, parameters)
        requests, retry_after = cursor.fetchone()
    if requests is None:
        raise RateLimited(max(1, retry_after or int(window.total_seconds())))
