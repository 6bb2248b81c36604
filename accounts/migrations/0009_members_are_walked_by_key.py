from django.db import migrations

# Of tables that were last analysed when they were empty the planner believes that they still are, and joined
# everything with everything. One group after the other is looked up in an index instead, whatever it believes.
WALK = """
CREATE FUNCTION members_within(group_id uuid) RETURNS SETOF uuid LANGUAGE sql STABLE SET enable_seqscan TO off AS $$
  SELECT member.user_id FROM groups_within(group_id) AS found (id)
  CROSS JOIN LATERAL (SELECT user_id FROM accounts_groupmembership WHERE group_id = found.id OFFSET 0) AS member
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_groups_are_walked_by_key")]

    operations = [migrations.RunSQL(WALK, "DROP FUNCTION members_within(uuid);")]
