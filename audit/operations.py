"""Recording: an act in its own transaction, a refusal in a separate one, because the refused act is rolled back."""

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

MAX_VALUE = 4_000  # bytes; a longer value is stored as its hash


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
    """Add an entry to the end of its chain, in the caller's transaction.

    `at` sets another time than now, for the demo's invented past.
    """
    tenant_id, partner_id = _owners(actor, resource, tenant_id, partner_id)
    number, previous_hash = _extend_chain(tenant_id or NIL_ID)
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
        changes={name: _shortened(normalize(value)) for name, value in (changes or {}).items()}
        | ({"acting_client": actor.delegate} if actor.delegate else {}),
    )
    entry.hash = fingerprint(entry)
    entry.save(force_insert=True)
    _set_head(entry)
    return entry


def record_refusal(action: Action, *, actor: Principal, result: Result = Result.DENIED, **details: Any) -> AuditEntry:
    """Record a denial or a failure, committed at once. Durable, because an outer transaction could be rolled back."""
    with transaction.atomic(durable=True):
        return record(action, actor=actor, result=result, **details)


def fingerprint(entry: AuditEntry) -> bytes:
    """Return the SHA-256 of every other column that is not null, so that a new column changes no old entry's hash."""
    columns = [field for field in AuditEntry._meta.concrete_fields if field.attname != "hash"]  # noqa: SLF001 - a documented API
    values = {column.attname: column.to_python(getattr(entry, column.attname)) for column in columns}
    fields = {column: _plain(value) for column, value in values.items() if value is not None}
    return hashlib.sha256(dumps(fields, option=orjson.OPT_SORT_KEYS)).digest()


def _shortened(value: Any) -> Any:
    """Replace long values by their hashes, which can still be compared: in a change the old and the new one each."""
    if isinstance(value, list) and len(value) == 2:
        return [_hashed_if_long(each) for each in value]
    return _hashed_if_long(value)


def _hashed_if_long(value: Any) -> Any:
    text = dumps(value, option=orjson.OPT_SORT_KEYS)
    return value if len(text) <= MAX_VALUE else {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _owners(
    actor: Principal, resource: models.Model | None, tenant_id: UUID | None, partner_id: UUID | None
) -> tuple[UUID | None, UUID | None]:
    """Return the tenant and partner an entry belongs to: the resource's, or the actor's if there is no resource."""
    if tenant_id is None:
        tenant_id = actor.tenant_id if resource is None else getattr(resource, "tenant_id", None)
    if partner_id is None:
        partner_id = getattr(resource, "partner_id", None)
    if partner_id is None and tenant_id is not None:
        is_home = tenant_id == actor.tenant_id
        partner_id = actor.partner_id if is_home else getattr(getattr(resource, "tenant", None), "partner_id", None)
    return tenant_id, partner_id


def _extend_chain(chain_id: UUID) -> tuple[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_chain AS chain (tenant_id, length, head) VALUES (%s, 1, %s)"
            " ON CONFLICT (tenant_id) DO UPDATE SET length = chain.length + 1 RETURNING length, head",
            [chain_id, bytes(32)],
        )
        length, head = cursor.fetchone()
        return length, bytes(head)


def _set_head(entry: AuditEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_chain SET head = %s WHERE tenant_id = %s", [bytes(entry.hash), entry.chain_id])
