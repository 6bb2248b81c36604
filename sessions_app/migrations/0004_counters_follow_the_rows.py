from django.db import migrations

# Five minutes: as fine as activity is counted.
SLOT = """
CREATE FUNCTION session_count_slot(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(date_part('epoch', moment - timestamptz '1970-01-01 00:00:00+00') / 300)::bigint
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
        (session.era, 'live', 'age', '', 0, floor(date_part('epoch', session.created_at))::bigint),
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

# The same for many rows at once, added up before anything is written: a sweep changes thousands in a statement.
# What is said of a span more than 25 hours ago is asked about no more.
APPEND = f"""
    INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)
    SELECT tenant_id, is_admin, application_id, era, 'live',
           CASE WHEN grouping(device_type) = 0 THEN 'device_type' WHEN grouping(browser) = 0 THEN 'browser'
                WHEN grouping(os) = 0 THEN 'os' WHEN grouping(auth_method) = 0 THEN 'auth_method'
                WHEN grouping(seen) = 0 THEN 'seen' ELSE 'all' END,
           coalesce(device_type, browser, os, auth_method, ''), coalesce(seen, 0), sum(sign), false
    FROM (SELECT sign, tenant_id, role <> 'user' AS is_admin, application_id, era, device_type, browser, os,
                 auth_method, session_count_slot(last_activity_at) AS seen
          FROM ({{rows}}) AS session WHERE revoked_at IS NULL) AS live
    GROUP BY tenant_id, is_admin, application_id, era,
             GROUPING SETS ((), (device_type), (browser), (os), (auth_method), (seen))
    HAVING sum(sign) <> 0 AND (grouping(seen) = 1 OR seen > session_count_slot(now()) - 300);

    INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)
    SELECT tenant_id, is_admin, application_id, era, 'live', kind, '', 0, n, false
    FROM (SELECT tenant_id, role <> 'user' AS is_admin, application_id, era, sum(sign * is_newest::int) AS newest,
                 sum(sign * floor(date_part('epoch', created_at))::bigint) AS age
          FROM ({{rows}}) AS session WHERE revoked_at IS NULL GROUP BY 1, 2, 3, 4) AS live,
         LATERAL (VALUES ('user', newest), ('age', age)) AS told (kind, n)
    WHERE n <> 0;

    INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)
    SELECT tenant_id, role <> 'user', application_id, 0, CASE WHEN is_expired THEN 'expired' ELSE 'revoked' END,
           'all', '', 0, sum(sign), false
    FROM ({{rows}}) AS session WHERE revoked_at IS NOT NULL GROUP BY 1, 2, 3, 5 HAVING sum(sign) <> 0;

    INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)
    SELECT tenant_id, role <> 'user', application_id, 0, 'any', 'opened', '', session_count_slot(created_at),
           sum(sign), false
    FROM ({{rows}}) AS session WHERE created_at > now() - interval '26 hours'
    GROUP BY 1, 2, 3, 8 HAVING sum(sign) <> 0;
"""
ROWS = (
    "SELECT session.tenant_id, is_admin, session.application_id, counted.era, state, kind, value, slot, n"
    " FROM sessions_app_session AS session, LATERAL session_counted(session) AS counted"
)
# A touch changes nothing that is counted, nearly always: it is seen at a glance.
UNLESS_CHANGED = """
    IF NOT EXISTS (
        SELECT FROM old_rows JOIN new_rows USING (id)
        WHERE (old_rows.tenant_id, old_rows.application_id, old_rows.role, old_rows.era, old_rows.is_newest,
               old_rows.is_expired, old_rows.revoked_at IS NULL, old_rows.device_type, old_rows.browser, old_rows.os,
               old_rows.auth_method, old_rows.created_at, session_count_slot(old_rows.last_activity_at))
           IS DISTINCT FROM
              (new_rows.tenant_id, new_rows.application_id, new_rows.role, new_rows.era, new_rows.is_newest,
               new_rows.is_expired, new_rows.revoked_at IS NULL, new_rows.device_type, new_rows.browser, new_rows.os,
               new_rows.auth_method, new_rows.created_at, session_count_slot(new_rows.last_activity_at))
    ) THEN RETURN NULL; END IF;
"""


def function(name: str, rows: str, before: str = "") -> str:
    # A connection plans this once, perhaps for one row, and runs it for thousands: a nested loop would take a minute.
    plan = "SET enable_nestloop = off SET jit = off"
    body = before + APPEND.format(rows=rows)
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {plan} AS $$ BEGIN {body} RETURN NULL; END $$"


def trigger(event: str, rows: str) -> str:
    return (
        f"CREATE TRIGGER session_is_counted_on_{event} AFTER {event} ON sessions_app_session REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION session_counted_on_{event}()"
    )


GONE = "SELECT -1 AS sign, * FROM old_rows"
CAME = "SELECT 1 AS sign, * FROM new_rows"
CREATE = [
    SLOT,
    COUNTED,
    function("session_counted_on_insert", CAME),
    function("session_counted_on_delete", GONE),
    function("session_counted_on_update", f"{GONE} UNION ALL {CAME}", UNLESS_CHANGED),
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
    "UPDATE sessions_app_session SET era = revision, due_at = CASE WHEN revoked_at IS NULL THEN due_at END",
    "UPDATE sessions_app_session AS session SET is_newest = true FROM ("
    "  SELECT DISTINCT ON (user_id) id FROM sessions_app_session WHERE revoked_at IS NULL ORDER BY user_id, id DESC"
    ") AS newest WHERE session.id = newest.id",
    f"INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)"
    f" SELECT {KEY}, sum(n), true FROM ({ROWS}) AS counted"
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
