"""Changes of a partner, a tenant or whatever is in one: each written, recorded and announced in one transaction."""

import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.models import ConcurrentChange, Entity, Record, Status
from tenancy.models import Partner, Tenant
from tenancy.operations.locks import Versions, lock, rows_of
from tenancy.signals import post_deactivate, pre_deactivate, send_and_count

HIDDEN = "(not shown)"
# Callers decide on these before the row is locked: whether sessions end, and what an actor may grant.
DECIDED_EARLIER = ("allowed_scopes", "email", "partner", "role", "status")


class PartnerHasTenants(Exception):
    """A partner is deleted after its tenants, never with them."""

    def __init__(self, tenants: list[str]) -> None:
        super().__init__(f"has tenants: {', '.join(tenants)}")
        self.tenants = tenants


@transaction.atomic
def change(
    entity: Entity,
    *,
    actor: Principal,
    versions: Versions = None,
    ending: str = "",
    guard: Callable[[], object] = int,
    **columns: Any,
) -> int:
    """Update the columns that differ, and return how many sessions that revoked. `ending` is the reason to revoke them.

    Sessions are revoked before the row is locked, the order that every revocation keeps (ADR 0023); then `guard` is
    called, which may still refuse the change.
    """
    if columns.get("status") == Status.SUSPENDED and entity.status != Status.SUSPENDED:
        ending = ending or f"{_kind(entity)} suspended"
    revoked = send_and_count(pre_deactivate, entity, actor=actor, reason=ending) if ending else 0
    locked = lock(entity, versions, actor=actor)
    guard()
    changes = {
        name: [getattr(locked, name), new] for name, new in columns.items() if _differ(getattr(locked, name), new)
    }
    if not changes and not ending:
        return 0
    is_outdated = any(old != getattr(entity, name) for name, (old, _) in changes.items() if name in DECIDED_EARLIER)
    if not changes or is_outdated:
        raise ConcurrentChange
    _update(entity, **{name: new for name, (_, new) in changes.items()})
    if ending:
        send_and_count(post_deactivate, entity, actor=actor)
    recorded = {_field_name(name): [_plain(old), _plain(new)] for name, (old, new) in changes.items()}
    _record(entity, _verb(changes), recorded | ({"sessions_ended": revoked} if ending else {}), actor)
    return revoked


def suspend(entity: Entity, *, actor: Principal) -> int:
    """Suspend something and everything under it; return how many sessions that revoked. They stay revoked."""
    return change(entity, actor=actor, status=Status.SUSPENDED)


def reactivate(entity: Entity, *, actor: Principal) -> None:
    change(entity, actor=actor, status=Status.ACTIVE)


@transaction.atomic
def delete(entity: Entity, *, actor: Principal, versions: Versions = None) -> int:
    """Delete something softly; return how many sessions that revoked. Its unique names can be used again."""
    revoked = send_and_count(pre_deactivate, entity, actor=actor, reason=f"{_kind(entity)} deleted")
    lock(entity, versions, actor=actor)
    _update(entity, deleted_at=Now())
    send_and_count(post_deactivate, entity, actor=actor)
    # A partner's row is locked by now, so no tenant is created under it meanwhile.
    if isinstance(entity, Partner) and (names := Tenant.objects.undeleted_names(entity)):
        raise PartnerHasTenants(names)
    _record(entity, "deleted", {"sessions_ended": revoked}, actor)
    return revoked


def bump_version(entity: Entity) -> None:
    """Give a locked row another version, after a change of what is shown with it and stored elsewhere."""
    rows_of(entity).filter(pk=entity.pk).update(updated_at=Now())


def record_created(entity: Entity, *, actor: Principal, **columns: Any) -> None:
    """Record that something was created, with its columns. Secrets are never among them."""
    _record(entity, "created", {_field_name(name): [None, _plain(new)] for name, new in columns.items()}, actor)


def _kind(entity: Entity) -> str:
    """Return the model's name as people write it: identity provider, not identityprovider."""
    return str(entity._meta.verbose_name)  # noqa: SLF001 - a documented API


def _verb(changes: dict[str, Any]) -> str:
    """Return the verb for a change in the audit log; for several changes, that of the most important."""
    if "partner" in changes:
        return "moved"
    if "role" in changes:
        return "role_changed"
    match changes.get("status"):
        case [_, Status.SUSPENDED]:
            return "suspended"
        case [_, Status.ACTIVE] if len(changes) == 1:
            return "reactivated"
        case _:
            return "updated"


def _update(entity: Any, **columns: Any) -> None:
    rows_of(entity).filter(pk=entity.pk).update(updated_at=Now(), **columns)
    entity.refresh_from_db(fields=["updated_at", *columns])


def _differ(old: Any, new: Any) -> bool:
    # To Python True equals 1; to JSON it does not.
    if isinstance(new, dict | list):
        return json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)
    return old != new


def _field_name(column: str) -> str:
    return f"{column}_id" if column in ("owner_user", "partner", "tenant") else column


def _plain(value: Any) -> Any:
    match value:
        case Record():
            return value.handle
        case bytes() | memoryview():
            return HIDDEN  # encrypted secrets
        case _:
            return value


def _record(entity: Entity, verb: str, changes: dict[str, Any], actor: Principal) -> None:
    tenant_id = entity.pk if isinstance(entity, Tenant) else None
    partner_id = entity.pk if isinstance(entity, Partner) else None
    action = Action(f"{_kind(entity).replace(' ', '_')}.{verb}")
    record(action, actor=actor, resource=entity, tenant_id=tenant_id, partner_id=partner_id, changes=changes)
