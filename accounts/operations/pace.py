"""How many requests an agent may make in a minute, counted for all processes in one place."""

from uuid import UUID

from django.db import connection

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


class TooFast(Exception):
    def __init__(self, retry_after: int) -> None:
        super().__init__(f"as many requests as its limit allows; try again in {retry_after} s")
        self.retry_after = retry_after


def count_request(agent_id: UUID, limit: int) -> None:
    """Count one request, or raise TooFast without counting it."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"agent": agent_id, "limit": limit})
        requests, retry_after = cursor.fetchone()
    if requests is None:
        raise TooFast(max(1, retry_after))
