from django.db import migrations


class Migration(migrations.Migration):
    """A model has another name; its table stays, so that both versions run side by side during an upgrade."""

    dependencies = [("audit", "0007_the_record_is_exported")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("GivenAnswer", "IdempotentResponse"),
                migrations.AlterModelTable("IdempotentResponse", "audit_givenanswer"),
            ]
        )
    ]
