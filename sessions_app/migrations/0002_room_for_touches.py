from django.db import migrations

# A touch writes only columns that no index holds; with room on its page the new row version needs no index entry.
ADD = "ALTER TABLE sessions_app_session SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02)"
REMOVE = "ALTER TABLE sessions_app_session RESET (fillfactor, autovacuum_vacuum_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0001_initial")]
    operations = [migrations.RunSQL(ADD, REMOVE)]
