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
# Older spans are not read any more, so their counters can be deleted.
SPANS_KEPT = 25 * 12


@transaction.atomic
def rebuild_counters(*, actor: Principal, difference_count: int) -> None:
    """Recount everything, and record how many counters were wrong."""
    recount()
    user_counters.recount()  # after the sessions: deleting a user revokes sessions first, so this is the same order
    record(Action.COUNTERS_REBUILT, actor=actor, changes={"difference_count": difference_count})


def fold() -> int:
    """Add the appended rows to the sums, and return how many there were. Only one fold runs at a time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_FOLD)
        return cursor.fetchone()[0]


def differences() -> Iterator[Difference]:
    """Compare all counters with the session rows."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            key = dict(zip(names, row, strict=True))
            yield Difference(counted=key.pop("counted"), actual=key.pop("actual"), key=key)


@transaction.atomic
def recount() -> None:
    """Recount all sessions, without an audit entry. Sign-ins and revocations wait until this is done."""
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
    SELECT {KEY}, sum(counted)::bigint AS counted, sum(actual)::bigint AS actual
    FROM (
        SELECT {KEY}, n AS counted, 0 AS actual FROM sessions_app_sessioncount WHERE NOT ({_OLD})
        UNION ALL SELECT {KEY}, 0, n FROM ({_SCANNED}) AS scanned
    ) AS compared
    GROUP BY {KEY} HAVING sum(counted) <> sum(actual)
    ORDER BY tenant_id, kind, value, slot
"""  # noqa: S608 - ours
