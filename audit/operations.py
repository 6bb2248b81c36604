"""Recording, in the act's own transaction; refusals, in one of their own, since the act they refuse rolls back."""

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models, transaction

from audit.actions import Action, ResourceType, Result
from audit.models import AuditEntry
from core.access import Principal
from core.ids import NIL_ID, uuid7
from core.jsonb import dumps, normalize
from core.models import Record
from core.timestamps import milliseconds

LONGEST = 4_000  # bytes of a value that is kept as it is


def record(
    action: Action,
    *,
    actor: Principal,
    resource: Record | None = None,
    tenant_id: UUID | None = None,
    partner_id: UUID | None = None,
    result: Result = Result.SUCCESS,
    changes: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEntry:
    """Add one entry to the end of its chain. The caller's transaction decides whether it happened.

    `at` is another moment than this one in a past that is made up, as the demo's is.
    """
    tenant_id, partner_id = _place(actor, resource, tenant_id, partner_id)
    number, previous_hash = _lock_end_of(tenant_id or NIL_ID)
    entry = AuditEntry(
        **({"id": uuid7(milliseconds(at))} if at else {}),
        chain_id=tenant_id or NIL_ID,
        number=number,
        previous_hash=previous_hash,
        created_at=at or datetime.now(UTC),
        actor_type=actor.type,
        actor_id=actor.id,
        actor_label=actor.label[:320],
        actor_tier=actor.tier.name.lower(),
        action=action,
        resource_type=ResourceType[resource.prefix.name] if resource else "",
        resource_id=resource.handle if resource else "",
        result=result,
        tenant_id=tenant_id,
        partner_id=partner_id,
        ip_address=actor.origin.ip_address,
        user_agent=actor.origin.user_agent,
        request_id=actor.origin.request_id,
        changes={name: _brief(normalize(value)) for name, value in (changes or {}).items()}
        | ({"acting_client": actor.delegate} if actor.delegate else {}),
    )
    entry.hash = fingerprint(entry)
    entry.save(force_insert=True)
    _move_end_to(entry)
    return entry


def record_refusal(action: Action, *, actor: Principal, result: Result = Result.DENIED, **where: Any) -> AuditEntry:
    """A denial or a failure, committed at once. Durable: inside another transaction it would vanish with it."""
    with transaction.atomic(durable=True):
        return record(action, actor=actor, result=result, **where)


def fingerprint(entry: AuditEntry) -> bytes:
    """SHA-256 over every column that holds something, but itself: a column added later changes no old entry."""
    columns = [field for field in AuditEntry._meta.concrete_fields if field.attname != "hash"]  # noqa: SLF001 - a documented API
    values = {column.attname: column.to_python(getattr(entry, column.attname)) for column in columns}
    fields = {column: _plain(value) for column, value in values.items() if value is not None}
    return hashlib.sha256(dumps(fields, option=orjson.OPT_SORT_KEYS)).digest()


def _brief(value: Any) -> Any:
    """What is long can be compared, and is not there to be read; of a change, what was before and after each."""
    if isinstance(value, list) and len(value) == 2:
        return [_digested(each) for each in value]
    return _digested(value)


def _digested(value: Any) -> Any:
    text = dumps(value, option=orjson.OPT_SORT_KEYS)
    return value if len(text) <= LONGEST else {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _place(
    actor: Principal, resource: models.Model | None, tenant_id: UUID | None, partner_id: UUID | None
) -> tuple[UUID | None, UUID | None]:
    """Whose it is to know: the resource's tenant and partner, or the actor's own where there is no resource."""
    if tenant_id is None:
        tenant_id = actor.tenant_id if resource is None else getattr(resource, "tenant_id", None)
    if partner_id is None:
        partner_id = getattr(resource, "partner_id", None)
    if partner_id is None and tenant_id is not None:
        is_home = tenant_id == actor.tenant_id
        partner_id = actor.partner_id if is_home else getattr(getattr(resource, "tenant", None), "partner_id", None)
    return tenant_id, partner_id


def _lock_end_of(chain_id: UUID) -> tuple[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_chain AS chain (tenant_id, length, head) VALUES (%s, 1, %s)"
            " ON CONFLICT (tenant_id) DO UPDATE SET length = chain.length + 1 RETURNING length, head",
            [chain_id, bytes(32)],
        )
        length, head = cursor.fetchone()
        return length, bytes(head)


def _move_end_to(entry: AuditEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_chain SET head = %s WHERE tenant_id = %s", [bytes(entry.hash), entry.chain_id])
