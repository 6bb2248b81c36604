"""What news from tenancy means for what is held here, inside the transaction that made it."""

from typing import Any

from django.dispatch import receiver

from accounts.models import Agent, Application, PasswordReset, Role, User, user_is_up
from core.access import Principal
from core.records import ChangedMeanwhile, Entity
from tenancy.models import Partner, Tenant
from tenancy.operations import LimitReached, next_revision
from tenancy.signals import acting, going_down, tenant_moving, went_down

_WHOSE: dict[type, str] = {User: "user", Tenant: "user__tenant", Partner: "user__tenant__partner"}


@receiver(acting)
def require_standing(*, actor: Principal, **_: Any) -> int:
    """Whoever has been demoted, suspended or deleted by now does nothing more. Their row stays as it is until they
    are done, so that the record never has them act after their fall."""
    if actor.user_id is None:
        return 0
    standing = User.objects.filter(user_is_up(), pk=actor.user_id).select_for_update(no_key=True, of=("self",)).first()
    if standing is None or Role(standing.role).tier < actor.tier:
        raise ChangedMeanwhile
    return 0


@receiver(going_down, sender=Agent)
def end_its_tokens(*, thing: Agent, **_: Any) -> int:
    """For good: they do not come back with it. An agent has no sessions."""
    Agent.objects.filter(pk=thing.pk).update(min_revision=next_revision())
    return 0


@receiver(went_down)
def end_resets_under_it(*, thing: Entity, **_: Any) -> int:
    """A code that was issued before is not good after: not to another address, nor for a user who has risen."""
    if type(thing) in _WHOSE:
        PasswordReset.objects.filter(**{_WHOSE[type(thing)]: thing.pk}).delete()
    return 0


@receiver(tenant_moving)
def hold_it_to_the_new_partners_limits(*, thing: Tenant, partner: Partner, **_: Any) -> int:
    held = {
        "max_users_per_tenant": User.objects.present().filter(tenant=thing).count(),
        "max_applications_per_tenant": Application.objects.present().filter(tenant=thing).count(),
    }
    for limit, used in held.items():
        allowed = getattr(partner, limit)
        if allowed is not None and used > allowed:
            raise LimitReached(limit, allowed, used)
    return 0
