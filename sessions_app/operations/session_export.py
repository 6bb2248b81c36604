"""Export sessions as a stream. The audit entry is committed before the first row is sent."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, When
from django.db.models.functions import Coalesce

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.batches import iter_id_batches
from core.ids import Prefix, encode_id
from sessions_app.models import SessionState, SessionStateQuerySet, State
from tenancy.models import Tenant

BATCH = 1_000
STATUSES = {"active": State.LIVE, "expired": State.EXPIRED, "revoked": State.REVOKED}
_STATUS_OF = {state: status.upper() for status, state in STATUSES.items()}
_ID_PREFIXES = {
    "id": Prefix.SESSION,
    "user_id": Prefix.USER,
    "tenant_id": Prefix.TENANT,
    "partner_id": Prefix.PARTNER,
    "application_id": Prefix.APPLICATION,
    "revocation_id": Prefix.REVOCATION,
}
# Credentials and their digests are never exported.
COLUMNS = (
    *("id", "status", "user_id", "user_email", "tenant_id", "tenant", "partner_id", "role", "auth_method"),
    *("application_id", "ip_address", "last_ip_address", "user_agent", "browser", "os", "device_type"),
    *("location", "country", "created_at", "last_activity_at", "expires_at"),
    *("revoked_at", "revoked_by", "revoke_reason", "revocation_id"),
)
_EXPRESSIONS: dict[str, Any] = {
    "status": F("state"),
    # Staff tenants are internal: their users appear without a tenant.
    "tenant_id": Case(When(tenant_kind=Tenant.Kind.CUSTOMER, then=F("tenant_id"))),
    "tenant": Case(When(tenant_kind=Tenant.Kind.CUSTOMER, then=Coalesce("tenant_slug", "tenant_name"))),
}


def export(
    tenants: list[Tenant], *, actor: Principal, file_format: str, status: str | None = None
) -> Iterator[dict[str, Any]]:
    """Export the sessions of these tenants, or of all if there are none, oldest first."""
    owner: dict[str, Any] = {}
    if len(tenants) == 1:
        owner = {"tenant_id": tenants[0].pk, "partner_id": tenants[0].partner_id}
    changes = {"format": file_format, "status": status, "tenants": [tenant.handle for tenant in tenants]}
    with transaction.atomic():
        record(Action.SESSIONS_EXPORTED, actor=actor, **owner, changes=changes)
    conditions: dict[str, Any] = {"tenant__in": tenants} if tenants else {}
    conditions |= {"state": STATUSES[status]} if status else {}
    return _rows(SessionState.objects.filter(**conditions))


def export_list(
    sessions: SessionStateQuerySet,
    scan_boundary: Callable[[UUID | None], UUID | None],
    *,
    actor: Principal,
    file_format: str,
    filters: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    """Export the sessions of a list, newest first, in batches, so that a slow download holds no transaction open."""
    with transaction.atomic():
        record(Action.SESSIONS_EXPORTED, actor=actor, changes={"format": file_format, "filter": filters})
    return _in_batches(iter_id_batches(sessions, scan_boundary))


def _in_batches(parts: Iterable[list[UUID]]) -> Iterator[dict[str, Any]]:
    for ids in parts:
        yield from map(_as_dict, _values(SessionState.objects.filter(pk__in=ids).order_by("-pk")))


def _values(sessions: SessionStateQuerySet) -> Any:
    return sessions.values_list(*(_EXPRESSIONS.get(name, name) for name in COLUMNS))


def _as_dict(row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: _formatted(name, value) for name, value in zip(COLUMNS, row, strict=True)}


def _rows(sessions: SessionStateQuerySet) -> Iterator[dict[str, Any]]:
    with transaction.atomic():  # outside a transaction the server would materialise the whole cursor first
        yield from map(_as_dict, _values(sessions.order_by("pk")).iterator(chunk_size=BATCH))


def _formatted(name: str, value: Any) -> Any:
    if name == "status":
        return _STATUS_OF[State(value)]
    return encode_id(_ID_PREFIXES[name], value) if name in _ID_PREFIXES and value is not None else value
