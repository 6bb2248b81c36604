"""What news from tenancy means for what is held here, inside the transaction that made it."""

from collections.abc import Iterator
from typing import Any

from django.dispatch import receiver

from accounts.models import Agent, Application, PasswordReset, Role, User, user_is_active
from accounts.models.agents import agent_is_up
from accounts.models.applications import application_is_up
from core.access import ActorType, Principal
from core.models import ConcurrentChange, Entity
from tenancy.models import Partner, Tenant
from tenancy.operations import LimitReached, next_revision
from tenancy.signals import actor_check, post_deactivate, pre_deactivate, pre_tenant_move

_WHOSE: dict[type, str] = {User: "user", Tenant: "user__tenant", Partner: "user__tenant__partner"}


@receiver(actor_check)
def require_standing(*, actor: Principal, **_: Any) -> int:
    """Whoever has been demoted, suspended or deleted by now does nothing more; nor does a machine that has lost its
    scopes, or one that acts for somebody. Their rows stay as they are until they are done, so that the record never
    has them act after their fall."""
    for row in _behind(actor):
        standing = row.select_for_update(no_key=True, of=("self",)).first()
        if standing is None or (isinstance(standing, User) and Role(standing.role).tier < actor.tier):
            raise ConcurrentChange
    return 0


def _behind(actor: Principal) -> Iterator[Any]:
    """What must still stand for the actor to act: the person, and the machine."""
    if actor.user_id is not None:
        yield User.objects.filter(user_is_active(), pk=actor.user_id)
    client = {"client_id": actor.delegate or actor.id, "allowed_scopes__contains": list(actor.scopes)}
    if actor.type is ActorType.AGENT:
        yield Agent.objects.filter(agent_is_up(), **client)
    elif actor.is_scoped:
        yield Application.objects.filter(application_is_up(""), **client)


@receiver(pre_deactivate, sender=Agent)
def end_its_tokens(*, thing: Agent, **_: Any) -> int:
    """For good: they do not come back with it. An agent has no sessions."""
    Agent.objects.filter(pk=thing.pk).update(min_revision=next_revision())
    return 0


@receiver(post_deactivate)
def end_resets_under_it(*, thing: Entity, **_: Any) -> int:
    """A code that was issued before is not good after: not to another address, nor for a user who has risen."""
    if type(thing) in _WHOSE:
        PasswordReset.objects.filter(**{_WHOSE[type(thing)]: thing.pk}).delete()
    return 0


@receiver(pre_tenant_move)
def hold_it_to_the_new_partners_limits(*, thing: Tenant, partner: Partner, **_: Any) -> int:
    held = {
        "max_users_per_tenant": User.objects.not_deleted().filter(tenant=thing).count(),
        "max_applications_per_tenant": Application.objects.not_deleted().filter(tenant=thing).count(),
    }
    for limit, used in held.items():
        allowed = getattr(partner, limit)
        if allowed is not None and used > allowed:
            raise LimitReached(limit, allowed, used)
    return 0
