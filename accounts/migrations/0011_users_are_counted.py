import django.db.models.deletion
from django.db import migrations, models

# One statement adds to each tenant once, in the order of their ids: so two statements never wait for each other.
# Whoever creates or deletes a user holds the tenant's row already, so that nobody waits here who did not wait there.
COUNT = """
CREATE FUNCTION users_counted_on_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO accounts_usercount AS counted (tenant_id, n)
    SELECT tenant_id, sum(sign) FROM ({rows}) AS changed WHERE deleted_at IS NULL
    GROUP BY tenant_id HAVING sum(sign) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET n = counted.n + excluded.n;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER users_are_counted_on_{event} AFTER {event} ON accounts_user REFERENCING {tables}
FOR EACH STATEMENT EXECUTE FUNCTION users_counted_on_{event}()
"""
GONE = "SELECT -1 AS sign, tenant_id, deleted_at FROM old_rows"
CAME = "SELECT 1 AS sign, tenant_id, deleted_at FROM new_rows"
OLD, NEW = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
EVENTS = {"insert": (CAME, NEW), "delete": (GONE, OLD), "update": (f"{GONE} UNION ALL {CAME}", f"{OLD} {NEW}")}
CREATE = [
    statement
    for event, (rows, tables) in EVENTS.items()
    for statement in (COUNT.format(event=event, rows=rows), TRIGGER.format(event=event, tables=tables))
]
DROP = [f"DROP FUNCTION users_counted_on_{event}() CASCADE" for event in EVENTS]
# After the triggers: from their creation to the end of the migration nobody else writes users.
EXISTING = """
INSERT INTO accounts_usercount (tenant_id, n)
SELECT tenant_id, count(*) FROM accounts_user WHERE deleted_at IS NULL GROUP BY tenant_id
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_an_agent_may_have_no_owner"), ("tenancy", "0004_versions")]

    operations = [
        migrations.CreateModel(
            name="UserCount",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        db_constraint=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenancy.tenant",
                    ),
                ),
                ("n", models.BigIntegerField(editable=False)),
            ],
        ),
        migrations.RunSQL(CREATE, DROP),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
    ]
