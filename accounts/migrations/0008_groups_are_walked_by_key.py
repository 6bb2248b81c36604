from django.db import migrations

# Of tables that were never analysed the planner knows nothing, and read all groups for each step of the walk.
# An OFFSET 0 is looked into by itself: the nestings by their parent, each child by its key.
WALK = """
CREATE OR REPLACE FUNCTION groups_within(group_id uuid)
RETURNS SETOF uuid LANGUAGE sql STABLE SET enable_seqscan TO off AS $$
  WITH RECURSIVE within (id) AS (
    SELECT id FROM accounts_group WHERE id = group_id AND deleted_at IS NULL
    UNION
    SELECT child.id FROM within
    CROSS JOIN LATERAL (SELECT child_id FROM accounts_groupnesting WHERE parent_id = within.id OFFSET 0) AS nesting
    CROSS JOIN LATERAL (
      SELECT id FROM accounts_group WHERE id = nesting.child_id AND deleted_at IS NULL OFFSET 0
    ) AS child
  )
  SELECT id FROM within
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_clients")]

    operations = [migrations.RunSQL(WALK, migrations.RunSQL.noop)]  # the function before it said the same
