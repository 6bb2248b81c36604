"""Row locks, under which the actor's rights and the row's version are checked again."""

from typing import Any

from django.db import models

from core.access import ActorType, Principal
from core.models import ConcurrentChange, Entity, VersionMismatch
from tenancy.models import Tenant
from tenancy.signals import actor_check, send_and_count

Versions = frozenset[str] | None  # those that the row may have; None allows any


def lock(entity: Entity, versions: Versions = None, *, actor: Principal | None = None) -> Any:
    """Return the current row, locked with its tenant until the end of the transaction.

    The actor's rights were checked before the wait for the lock, so they are checked again.
    """
    rows = rows_of(entity)
    locked = rows.not_deleted().select_for_update(no_key=True, of=("self",)).filter(pk=entity.pk).first()
    if locked is None:
        raise ConcurrentChange
    if tenant_id := getattr(locked, "tenant_id", None):
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    if actor and actor.type is not ActorType.SYSTEM:
        send_and_count(actor_check, entity, actor=actor)
        if actor.user_id != entity.pk and not rows.writable_by(actor).filter(pk=entity.pk).exists():
            raise ConcurrentChange
    if versions is not None and locked.version not in versions:
        raise VersionMismatch
    return locked


def rows_of(instance: models.Model) -> Any:
    return type(instance)._default_manager  # noqa: SLF001 - a documented API


def lock_tenant_for_create(tenant: Tenant, *, actor: Principal) -> Any:
    """Lock the tenant that something is about to be created in, so that it is neither deleted nor moved meanwhile."""
    locked = lock(tenant)
    send_and_count(actor_check, tenant, actor=actor)
    if not locked.is_staff and not Tenant.objects.visible_to(actor).filter(pk=tenant.pk).exists():
        raise ConcurrentChange
    return locked
