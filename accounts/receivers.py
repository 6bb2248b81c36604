"""Receivers of tenancy's signals, inside the transaction of the change."""

from collections.abc import Iterator
from typing import Any

from django.dispatch import receiver

from accounts.models import Agent, Application, PasswordReset, Role, User, user_is_active
from accounts.models.agents import agent_is_active
from accounts.models.applications import application_is_active
from core.access import ActorType, Principal
from core.models import ConcurrentChange, Entity
from tenancy.models import Partner, Tenant
from tenancy.operations import LimitReached, next_revision
from tenancy.signals import actor_check, post_deactivate, pre_deactivate, pre_tenant_move

_USER_PATHS: dict[type, str] = {User: "user", Tenant: "user__tenant", Partner: "user__tenant__partner"}


@receiver(actor_check)
def check_actor_still_entitled(*, actor: Principal, **_: Any) -> int:
    """Raise ConcurrentChange if the actor has been demoted, suspended or deleted, or has lost a scope.

    The rows stay locked until commit, so that nothing is recorded of an actor after its suspension.
    """
    for rows in _rows_behind(actor):
        current = rows.select_for_update(no_key=True, of=("self",)).first()
        if current is None or (isinstance(current, User) and Role(current.role).tier < actor.tier):
            raise ConcurrentChange
    return 0


def _rows_behind(actor: Principal) -> Iterator[Any]:
    """Yield querysets of the user and of the client that an actor stands for, each empty unless still entitled."""
    if actor.user_id is not None:
        yield User.objects.filter(user_is_active(), pk=actor.user_id)
    client = {"client_id": actor.delegate or actor.id, "allowed_scopes__contains": list(actor.scopes)}
    if actor.type is ActorType.AGENT:
        yield Agent.objects.filter(agent_is_active(), **client)
    elif actor.is_scoped:
        yield Application.objects.filter(application_is_active(""), **client)


@receiver(pre_deactivate, sender=Agent)
def revoke_tokens(*, instance: Agent, **_: Any) -> int:
    """Revoke an agent's tokens. They stay revoked when it is reactivated."""
    Agent.objects.filter(pk=instance.pk).update(min_revision=next_revision())
    return 0


@receiver(post_deactivate)
def drop_password_resets(*, instance: Entity, **_: Any) -> int:
    """Delete reset codes issued before a change of e-mail address, role or status."""
    if type(instance) in _USER_PATHS:
        PasswordReset.objects.filter(**{_USER_PATHS[type(instance)]: instance.pk}).delete()
    return 0


@receiver(pre_tenant_move)
def check_partner_limits(*, instance: Tenant, partner: Partner, **_: Any) -> int:
    counts = {
        "max_users_per_tenant": User.objects.not_deleted().filter(tenant=instance).count(),
        "max_applications_per_tenant": Application.objects.not_deleted().filter(tenant=instance).count(),
    }
    for limit, used in counts.items():
        allowed = getattr(partner, limit)
        if allowed is not None and used > allowed:
            raise LimitReached(limit, allowed, used)
    return 0
