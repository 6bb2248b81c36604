from django.db import migrations

# Django has no composite foreign key: this one makes a user's copy of the tenant's kind true, and with it the check on the role.
ADD = """
ALTER TABLE accounts_user ADD CONSTRAINT user_tenant_and_kind
FOREIGN KEY (tenant_id, tenant_kind) REFERENCES tenancy_tenant (id, kind)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("tenancy", "0002_platform")]
    operations = [migrations.RunSQL(ADD, "ALTER TABLE accounts_user DROP CONSTRAINT user_tenant_and_kind")]
