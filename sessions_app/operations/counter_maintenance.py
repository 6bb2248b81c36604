"""Sum up, check and rebuild the session counters."""

from collections.abc import Iterator

from django.db import connection, transaction

from accounts.operations import counter_maintenance as user_counters
from accounts.operations.counter_maintenance import Difference
from audit.actions import Action
from audit.operations import record
from core.access import Principal

_FOLD_LOCK = 0x666F6C64
KEY = "tenant_id, is_admin, application_id, era, state, kind, value, slot"
# A span this old is asked about no more; whatever is still said of it may be forgotten.
SPANS_KEPT = 25 * 12


@transaction.atomic
def rebuild_counters(*, actor: Principal, difference_count: int) -> None:
    """Recount everything, and record how many counters were wrong."""
    recount()
    user_counters.recount()  # after the sessions: whoever deletes a user ends sessions first
    record(Action.COUNTERS_REBUILT, actor=actor, changes={"difference_count": difference_count})


def fold() -> int:
    """Add up what was appended; how many rows that was. One at a time; readers see all of it, before or after."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_FOLD)
        return cursor.fetchone()[0]


def differences() -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            told = dict(zip(names, row, strict=True))
            yield Difference(counted=told.pop("counted"), found=told.pop("found"), key=told)


@transaction.atomic
def recount() -> None:
    """Count everything anew, while nobody opens or ends anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FOLD_LOCK])
        cursor.execute("LOCK TABLE sessions_app_session IN SHARE MODE")
        cursor.execute("DELETE FROM sessions_app_sessioncount")
        cursor.execute(
            f"INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)"  # noqa: S608 - ours
            f" SELECT {KEY}, sum(n), true FROM ({_SCANNED}) AS scanned GROUP BY {KEY} HAVING sum(n) <> 0"
        )


_OLD = f"slot > 0 AND slot <= session_count_slot(now()) - {SPANS_KEPT}"
_SCANNED = (
    "SELECT session.tenant_id, is_admin, session.application_id, counted.era, state, kind, value, slot, n"  # noqa: S608 - ours
    " FROM sessions_app_session AS session, LATERAL session_counted(session) AS counted"
    f" WHERE NOT ({_OLD})"
)
_FOLD = f"""
    WITH appended AS (
        DELETE FROM sessions_app_sessioncount WHERE NOT is_folded RETURNING {KEY}, n
    ), added AS (
        INSERT INTO sessions_app_sessioncount AS folded ({KEY}, n, is_folded)
        SELECT {KEY}, sum(n), true FROM appended WHERE NOT ({_OLD}) GROUP BY {KEY} HAVING sum(n) <> 0
        ON CONFLICT ({KEY}) WHERE is_folded DO UPDATE SET n = folded.n + excluded.n
    ), forgotten AS (
        DELETE FROM sessions_app_sessioncount WHERE is_folded AND (n = 0 OR {_OLD})
    )
    SELECT count(*) FROM appended
"""  # noqa: S608 - ours
_DIFFERENCES = f"""
    SELECT {KEY}, sum(counted)::bigint AS counted, sum(found)::bigint AS found
    FROM (
        SELECT {KEY}, n AS counted, 0 AS found FROM sessions_app_sessioncount WHERE NOT ({_OLD})
        UNION ALL SELECT {KEY}, 0, n FROM ({_SCANNED}) AS scanned
    ) AS told
    GROUP BY {KEY} HAVING sum(counted) <> sum(found)
    ORDER BY tenant_id, kind, value, slot
"""  # noqa: S608 - ours
