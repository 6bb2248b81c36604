from django.db import migrations

# Five minutes: as fine as activity is counted.
SLOT = """
CREATE FUNCTION session_count_slot(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(extract(epoch FROM moment - timestamptz '1970-01-01 00:00:00+00') / 300)::bigint
"""
# Everything one session adds to the counters. One that is over adds that it is over, and that it was opened.
COUNTED = """
CREATE FUNCTION session_counted(session sessions_app_session) RETURNS TABLE (
    is_admin boolean, era bigint, state text, kind text, value text, slot bigint, n bigint
) LANGUAGE sql STABLE PARALLEL SAFE ROWS 9 AS $$
    SELECT session.role <> 'user', counted.era, counted.state, counted.kind, counted.value, counted.slot, counted.n
    FROM (VALUES
        (session.era, 'live', 'all', '', 0::bigint, 1::bigint),
        (session.era, 'live', 'device_type', session.device_type, 0, 1),
        (session.era, 'live', 'browser', session.browser, 0, 1),
        (session.era, 'live', 'os', session.os, 0, 1),
        (session.era, 'live', 'auth_method', session.auth_method, 0, 1),
        (session.era, 'live', 'user', '', 0, session.is_newest::int),
        (session.era, 'live', 'age', '', 0, floor(extract(epoch FROM session.created_at))::bigint),
        (session.era, 'live', 'seen', '', session_count_slot(session.last_activity_at), 1),
        (0, 'any', 'opened', '', session_count_slot(session.created_at), 1)
    ) AS counted (era, state, kind, value, slot, n)
    WHERE (session.revoked_at IS NULL OR counted.state = 'any') AND counted.n <> 0
    UNION ALL
    SELECT session.role <> 'user', 0, CASE WHEN session.is_expired THEN 'expired' ELSE 'revoked' END, 'all', '', 0, 1
    WHERE session.revoked_at IS NOT NULL
$$
"""
KEY = "tenant_id, is_admin, application_id, era, state, kind, value, slot"
# What was said of a span more than 25 hours ago is asked about no more.
APPEND = f"""
    INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)
    SELECT {KEY}, sum(n), false FROM (%s) AS changed
    WHERE slot = 0 OR slot > session_count_slot(now()) - 300
    GROUP BY {KEY} HAVING sum(n) <> 0;
"""
ROWS = (
    "SELECT session.tenant_id, is_admin, session.application_id, counted.era, state, kind, value, slot, %s"
    " FROM (%s) AS session, LATERAL session_counted(ROW(session.*)::sessions_app_session) AS counted"
)
# A touch changes nothing that is counted, nearly always: those rows are left out before anything is added up.
CHANGED = """
    SELECT {side}.* FROM old_rows JOIN new_rows USING (id)
    WHERE (old_rows.tenant_id, old_rows.application_id, old_rows.role, old_rows.era, old_rows.is_newest,
           old_rows.is_expired, old_rows.revoked_at IS NULL, old_rows.device_type, old_rows.browser, old_rows.os,
           old_rows.auth_method, old_rows.created_at, session_count_slot(old_rows.last_activity_at))
       IS DISTINCT FROM
          (new_rows.tenant_id, new_rows.application_id, new_rows.role, new_rows.era, new_rows.is_newest,
           new_rows.is_expired, new_rows.revoked_at IS NULL, new_rows.device_type, new_rows.browser, new_rows.os,
           new_rows.auth_method, new_rows.created_at, session_count_slot(new_rows.last_activity_at))
"""


def function(name: str, rows: str) -> str:
    # A connection plans this once, perhaps for one row, and runs it for thousands: a nested loop would take a minute.
    plan = "SET enable_nestloop = off SET jit = off"
    body = APPEND % rows
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {plan} AS $$ BEGIN {body} RETURN NULL; END $$"


def trigger(event: str, rows: str) -> str:
    return (
        f"CREATE TRIGGER session_is_counted_on_{event} AFTER {event} ON sessions_app_session REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION session_counted_on_{event}()"
    )


MINUS = ROWS % ("-n AS n", "{}")
PLUS = ROWS % ("n AS n", "{}")
CREATE = [
    SLOT,
    COUNTED,
    function("session_counted_on_insert", PLUS.format("SELECT * FROM new_rows")),
    function("session_counted_on_delete", MINUS.format("SELECT * FROM old_rows")),
    function(
        "session_counted_on_update",
        f"{MINUS.format(CHANGED.format(side='old_rows'))} UNION ALL {PLUS.format(CHANGED.format(side='new_rows'))}",
    ),
    trigger("insert", "NEW TABLE AS new_rows"),
    trigger("delete", "OLD TABLE AS old_rows"),
    trigger("update", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
]
DROP = [
    *(f"DROP FUNCTION session_counted_on_{event}() CASCADE" for event in ("insert", "delete", "update")),
    "DROP FUNCTION session_counted(sessions_app_session)",
    "DROP FUNCTION session_count_slot(timestamptz)",
]
# What was opened before there were eras stands or falls by its own revision.
BROUGHT_UP = [
    "UPDATE sessions_app_session SET era = revision",
    "UPDATE sessions_app_session AS session SET is_newest = true FROM ("
    "  SELECT DISTINCT ON (user_id) id FROM sessions_app_session WHERE revoked_at IS NULL ORDER BY user_id, id DESC"
    ") AS newest WHERE session.id = newest.id",
    f"INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)"
    f" SELECT {KEY}, sum(n), true FROM ({PLUS.format('SELECT * FROM sessions_app_session')}) AS counted"
    f" GROUP BY {KEY} HAVING sum(n) <> 0",
]
# Before, nobody wrote down what the clock had ended, and one revocation's sessions were named by their ids.
TAKEN_BACK = [
    "UPDATE sessions_app_session SET revoked_at = NULL, revoke_reason = '', revoked_by = '', is_expired = false"
    " WHERE is_expired",
    "UPDATE sessions_app_revocation SET reach = 'session' WHERE reach = 'selection'",
]


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0003_counts_and_ends")]
    operations = [
        migrations.RunSQL(CREATE[:2], DROP[-2:]),
        migrations.RunSQL(BROUGHT_UP, TAKEN_BACK),
        migrations.RunSQL(CREATE[2:], DROP[:-2]),
    ]
