"""What is live, written once: everything that judges, lists or counts sessions reads these views.

A migration that changes a column which a view reads has to drop the views first and create them again.
"""

from django.db import migrations, models

# No floor above a session may be higher than the revision it was opened under. GREATEST ignores nulls.
REQUIRED_REVISION = """
CREATE FUNCTION required_revision(
    administers boolean, scope_floor bigint, admin_floor bigint, application_floor bigint, user_floor bigint DEFAULT NULL
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN GREATEST(scope_floor, CASE WHEN administers THEN admin_floor END, application_floor, user_floor)
"""
# A session ends by itself at its absolute end, or when it has not been used for as long as it may rest.
TIMES_OUT_AT = """
CREATE FUNCTION times_out_at(expires_at timestamptz, last_activity_at timestamptz, idle_limit interval)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN LEAST(expires_at, last_activity_at + idle_limit)
"""
# One row for each tenant: whether it and its partner are active, and the floors under all of its sessions.
TENANT_STATE = """
CREATE VIEW tenant_state AS
SELECT
    tenant.id AS tenant_id,
    tenant.kind,
    tenant.slug,
    tenant.name,
    tenant.partner_id,
    tenant.status = 'ACTIVE' AND tenant.deleted_at IS NULL
        AND (tenant.partner_id IS NULL OR partner.status = 'ACTIVE' AND partner.deleted_at IS NULL) AS is_active,
    GREATEST((SELECT min_revision FROM tenancy_platform), partner.min_revision, tenant.min_revision) AS min_revision,
    (SELECT admin_min_revision FROM tenancy_platform) AS admin_min_revision,
    -- Nothing that was opened before this moment is live, so lists need not look further back.
    GREATEST((SELECT floor_raised_at FROM tenancy_platform), partner.floor_raised_at, tenant.floor_raised_at)
        AS floor_raised_at
FROM tenancy_tenant AS tenant
LEFT JOIN tenancy_partner AS partner ON partner.id = tenant.partner_id
"""
# One row for each session. The joins to users and applications are outer joins so that a statement that reads nothing
# of them does not pay for them; `is_live` is a conjunction so that the planner finds `revoked_at IS NULL` in it.
SESSION_STATE = """
CREATE VIEW session_state AS
SELECT
    session.id, session.created_at, session.user_id, session.tenant_id, session.partner_id, session.application_id,
    session.role, session.auth_method, session.ip_address, session.last_ip_address, session.user_agent,
    session.browser, session.os, session.device_type, session.location, session.country, session.last_activity_at,
    session.expires_at, session.idle_limit, session.due_at, session.revision, session.era, session.is_newest,
    session.key_digest, session.refreshed_at, session.revoked_at, session.revoked_by, session.revoke_reason,
    session.revocation_id, session.is_expired,

    person.email AS user_email,
    person.display_name AS user_display_name,
    person.first_name AS user_first_name,
    person.last_name AS user_last_name,
    person.role AS user_role,
    tenant.kind AS tenant_kind,
    tenant.slug AS tenant_slug,
    tenant.name AS tenant_name,
    tenant.partner_id AS tenant_partner_id,
    (SELECT count(*) FROM sessions_app_sessionapplication AS reached WHERE reached.session_id = session.id)::integer
        AS app_count,

    judged.required_revision,
    judged.times_out_at,
    judged.times_out_at <= statement_timestamp() AS has_timed_out,
    -- Told without the user's row: whatever ends sessions either raises one of these floors or marks the rows.
    session.revision < judged.required_revision_of_scope AS is_below_floor,
    session.revoked_at IS NULL
        AND session.expires_at > statement_timestamp()
        AND session.revision >= judged.required_revision AS is_revocable,
    session.revoked_at IS NULL
        AND judged.times_out_at > statement_timestamp()
        AND session.revision >= judged.required_revision
        AND person.status = 'ACTIVE' AND person.deleted_at IS NULL
        AND tenant.is_active
        AND (session.application_id IS NULL OR application.status = 'ACTIVE' AND application.deleted_at IS NULL)
        AS is_live,
    CASE
        WHEN session.is_expired THEN 'expired'
        WHEN session.revoked_at IS NOT NULL THEN 'revoked'
        WHEN session.revision < judged.required_revision_of_scope THEN 'revoked'
        -- What ended with its user is marked; what is not, and is under the user's floor, had timed out before.
        WHEN judged.times_out_at <= statement_timestamp() THEN 'expired'
        WHEN session.revision >= judged.required_revision
            AND person.status = 'ACTIVE' AND person.deleted_at IS NULL
            AND tenant.is_active
            AND (session.application_id IS NULL OR application.status = 'ACTIVE' AND application.deleted_at IS NULL)
            THEN 'live'
        ELSE 'revoked'
    END AS state,
    -- The revocation that ended it, while the sweep has not marked the row yet.
    CASE WHEN session.revoked_at IS NULL AND session.revision < judged.required_revision THEN (
        SELECT jsonb_build_object(
            'id', revocation.id, 'reach', revocation.reach, 'at', revocation.created_at,
            'by', revocation.actor_id, 'reason', revocation.reason
        )
        FROM sessions_app_revocation AS revocation
        WHERE revocation.swept_at IS NULL
            AND revocation.number > session.revision
            AND revocation.created_at < judged.times_out_at
            AND CASE revocation.reach
                WHEN 'platform' THEN true
                WHEN 'admins' THEN session.role <> 'user'
                WHEN 'partner' THEN revocation.target_id = session.partner_id
                WHEN 'tenant' THEN revocation.target_id = session.tenant_id
                WHEN 'application' THEN revocation.target_id = session.application_id
                WHEN 'user' THEN revocation.target_id = session.user_id
            END
        ORDER BY revocation.number
        LIMIT 1
    ) END AS pending_revocation
FROM sessions_app_session AS session
LEFT JOIN tenant_state AS tenant ON tenant.tenant_id = session.tenant_id
LEFT JOIN accounts_user AS person ON person.id = session.user_id AND person.tenant_id = session.tenant_id
LEFT JOIN accounts_application AS application ON application.id = session.application_id
CROSS JOIN LATERAL (
    SELECT
        required_revision(
            session.role <> 'user', tenant.min_revision, tenant.admin_min_revision, application.min_revision
        ) AS required_revision_of_scope,
        -- Of somebody who administers, or did when they signed in: losing the role revives nothing.
        required_revision(
            session.role <> 'user' OR person.role <> 'user', tenant.min_revision, tenant.admin_min_revision,
            application.min_revision, person.min_revision
        ) AS required_revision,
        times_out_at(session.expires_at, session.last_activity_at, session.idle_limit) AS times_out_at
) AS judged
"""
# Counters of live sessions are kept by era; those of an era below the floor count for nothing from that moment on.
SESSION_COUNT_STATE = """
CREATE VIEW session_count_state AS
SELECT
    counter.id, counter.tenant_id, counter.is_admin, counter.application_id, counter.era, counter.state, counter.kind,
    counter.value, counter.slot, counter.n, counter.is_folded,
    counter.era >= required_revision(
        counter.is_admin, tenant.min_revision, tenant.admin_min_revision, application.min_revision
    ) AS is_current
FROM sessions_app_sessioncount AS counter
JOIN tenant_state AS tenant ON tenant.tenant_id = counter.tenant_id
LEFT JOIN accounts_application AS application ON application.id = counter.application_id
"""
CREATE = [REQUIRED_REVISION, TIMES_OUT_AT, TENANT_STATE, SESSION_STATE, SESSION_COUNT_STATE]
DROP = [
    "DROP VIEW session_count_state, session_state, tenant_state",
    "DROP FUNCTION required_revision(boolean, bigint, bigint, bigint, bigint)",
    "DROP FUNCTION times_out_at(timestamptz, timestamptz, interval)",
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_members_are_walked_by_key"),
        ("sessions_app", "0007_moved_addresses_are_found"),
        ("tenancy", "0004_versions"),
    ]
    operations = [
        # The owner is in it so that a statement through the view can be answered from the index alone.
        migrations.RemoveIndex(model_name="session", name="session_live_of_tenant"),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("revoked_at", None)),
                fields=["tenant", "-id"],
                include=("revision", "role", "application", "user"),
                name="session_live_of_tenant",
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
