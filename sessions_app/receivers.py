"""News from the left that ends sessions here, inside the transaction that made it."""

from typing import Any

from django.dispatch import receiver

from accounts.models import Application, User
from accounts.signals import mfa_disabled, password_changed
from core.access import Principal
from core.models import Entity
from sessions_app import operations
from sessions_app.models import Reach, Revocation, Session
from tenancy.models import Partner, Platform, Tenant
from tenancy.signals import pre_deactivate, session_policy_changed, tenant_moved

_REACH: dict[type, Reach] = {
    Application: Reach.APPLICATION,
    Partner: Reach.PARTNER,
    Platform: Reach.PLATFORM,
    Tenant: Reach.TENANT,
    User: Reach.USER,
}


@receiver(pre_deactivate)
def end_all_under_it(*, thing: Entity, actor: Principal, reason: str, **_: Any) -> int:
    """Nothing, where no session stands on it: on a group, say."""
    if type(thing) not in _REACH:
        return 0
    return operations.end_all(_REACH[type(thing)], thing.pk, actor=actor, reason=reason).count


@receiver(tenant_moved)
def follow_the_tenant(*, thing: Tenant, **_: Any) -> int:
    """Its sessions are over; their rows go along for the new partner to read, and the record of what ended them."""
    operations.sweep_tenant_before_move(thing)
    Session.objects.filter(tenant=thing).update(partner=thing.partner_id)
    Revocation.objects.filter(tenant_id=thing.pk).update(partner_id=thing.partner_id)
    return 0


@receiver(session_policy_changed)
def hold_live_sessions_to_it(
    *, thing: Platform | Partner | Tenant, actor: Principal, is_written: bool, **_: Any
) -> int:
    """Before it is written: let openings under way come to an end, and the next wait. After it: apply it."""
    reach, target_id = _REACH[type(thing)], None if isinstance(thing, Platform) else thing.pk
    if not is_written:
        operations.block_sign_ins(reach, target_id)
        return 0
    return operations.apply_session_policy(reach, target_id, actor=actor)


@receiver(password_changed)
def end_others_after_password_change(*, user: User, actor: Principal, **_: Any) -> int:
    return _end_others(user, actor, "password changed")


@receiver(mfa_disabled)
def end_others_after_mfa_disabled(*, user: User, actor: Principal, **_: Any) -> int:
    return _end_others(user, actor, "MFA disabled")


def _end_others(user: User, actor: Principal, reason: str) -> int:
    return operations.end_all(Reach.USER, user.pk, actor=actor, reason=reason, spare=actor.session_id).count
