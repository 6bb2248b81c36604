"""Changes to the audit log by someone with direct access to the database."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from audit.actions import Action
from audit.models import AuditEntry

COLUMNS = [field.attname for field in AuditEntry._meta.concrete_fields]


def on(chain: UUID) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(chain_id=chain).order_by("number"))


def as_superuser(sql: str, *parameters: Any) -> None:
    """What the database's own superuser can do, and nobody else: past the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, parameters)
        cursor.execute("SET LOCAL session_replication_role = origin")


def put(entry: AuditEntry, column: str, value: Any) -> None:
    field = AuditEntry._meta.get_field(column)
    as_superuser(
        f"UPDATE audit_auditentry SET {field.column} = %s WHERE id = %s",
        field.get_db_prep_save(value, connection),
        entry.pk,
    )


def a_little_off(column: str, value: Any) -> Any:
    match value:
        case "success":
            return "failure"
        case Action.API_KEY_CREATED:
            return Action.API_KEY_DELETED
        case str() if column == "ip_address":
            return "192.0.2.78"
        case str():
            return value[:-1] + chr(ord(value[-1]) ^ 1)
        case bytes() | memoryview():
            return bytes(value)[:-1] + bytes([bytes(value)[-1] ^ 1])
        case UUID():
            return UUID(int=value.int ^ 1)
        case int():
            return value + 1_000
        case datetime():
            return value + timedelta(microseconds=1)
        case dict():
            return value | {"name": [None, "another"]}
    raise AssertionError(f"{column} is a {type(value)}: say here how to change it a little")
