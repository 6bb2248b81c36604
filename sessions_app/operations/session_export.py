"""Taking sessions out of the house: on record before the first one leaves, and as a stream, however many there are."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, When
from django.db.models.functions import Coalesce

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.batches import newest_first
from core.ids import Prefix, encode_id
from sessions_app.models import SessionState, SessionStateQuerySet, State
from tenancy.models import Tenant

BATCH = 1_000
STATUSES = {"active": State.LIVE, "expired": State.EXPIRED, "revoked": State.REVOKED}
_WORDS = {state: word.upper() for word, state in STATUSES.items()}
_HANDLES = {
    "id": Prefix.SESSION,
    "user_id": Prefix.USER,
    "tenant_id": Prefix.TENANT,
    "partner_id": Prefix.PARTNER,
    "application_id": Prefix.APPLICATION,
    "revocation_id": Prefix.REVOCATION,
}
# All that is told of a session. A credential, or a digest of one, is not among it.
COLUMNS = (
    *("id", "status", "user_id", "user_email", "tenant_id", "tenant", "partner_id", "role", "auth_method"),
    *("application_id", "ip_address", "last_ip_address", "user_agent", "browser", "os", "device_type"),
    *("location", "country", "created_at", "last_activity_at", "expires_at"),
    *("revoked_at", "revoked_by", "revoke_reason", "revocation_id"),
)
_READ_FROM: dict[str, Any] = {
    "status": F("state"),
    # A staff tenant is an inner arrangement: outside, whoever is in one is in none.
    "tenant_id": Case(When(tenant_kind=Tenant.Kind.CUSTOMER, then=F("tenant_id"))),
    "tenant": Case(When(tenant_kind=Tenant.Kind.CUSTOMER, then=Coalesce("tenant_slug", "tenant_name"))),
}


def export(
    tenants: list[Tenant], *, actor: Principal, file_format: str, status: str | None = None
) -> Iterator[dict[str, Any]]:
    """Of these tenants, or of all when none is named; oldest first."""
    place: dict[str, Any] = {}
    if len(tenants) == 1:
        place = {"tenant_id": tenants[0].pk, "partner_id": tenants[0].partner_id}
    changes = {"format": file_format, "status": status, "tenants": [tenant.handle for tenant in tenants]}
    with transaction.atomic():
        record(Action.SESSIONS_EXPORTED, actor=actor, **place, changes=changes)
    narrowed: dict[str, Any] = {"tenant__in": tenants} if tenants else {}
    narrowed |= {"state": STATUSES[status]} if status else {}
    return _rows(SessionState.objects.filter(**narrowed))


def export_list(
    sessions: SessionStateQuerySet,
    looked_to: Callable[[UUID | None], UUID | None],
    *,
    actor: Principal,
    file_format: str,
    asked: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    """Those of a list, newest first, a part at a time: whoever takes them may take their time about it."""
    with transaction.atomic():
        record(Action.SESSIONS_EXPORTED, actor=actor, changes={"format": file_format, "filter": asked})
    return _in_parts(newest_first(sessions, looked_to))


def _in_parts(parts: Iterable[list[UUID]]) -> Iterator[dict[str, Any]]:
    for ids in parts:
        yield from map(_shown, _told_of(SessionState.objects.filter(pk__in=ids).order_by("-pk")))


def _told_of(sessions: SessionStateQuerySet) -> Any:
    return sessions.values_list(*(_READ_FROM.get(name, name) for name in COLUMNS))


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: _told(name, value) for name, value in zip(COLUMNS, row, strict=True)}


def _rows(sessions: SessionStateQuerySet) -> Iterator[dict[str, Any]]:
    with transaction.atomic():  # a cursor outside of one would make the server write everything down first
        yield from map(_shown, _told_of(sessions.order_by("pk")).iterator(chunk_size=BATCH))


def _told(name: str, value: Any) -> Any:
    if name == "status":
        return _WORDS[State(value)]
    return encode_id(_HANDLES[name], value) if name in _HANDLES and value is not None else value
