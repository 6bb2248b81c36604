from django.db import migrations


def make_platform(apps, schema_editor):
    """The one row, and the tenant its operators live in."""
    from core.ids import uuid7

    apps.get_model("tenancy", "Platform").objects.create(id=1)
    apps.get_model("tenancy", "Tenant").objects.create(id=uuid7(), kind="PLATFORM_STAFF", name="Platform staff")


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]
    operations = [migrations.RunPython(make_platform, migrations.RunPython.noop)]
