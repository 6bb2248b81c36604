"""Signals from tenancy and accounts that revoke sessions, in the sender's transaction."""

from typing import Any

from django.dispatch import receiver

from accounts.models import Application, User
from accounts.signals import mfa_disabled, password_changed
from core.access import Principal
from core.models import Entity
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session
from tenancy.models import Partner, Platform, Tenant
from tenancy.signals import pre_deactivate, session_policy_changed, tenant_moved

_SCOPES: dict[type, RevocationScope] = {
    Application: RevocationScope.APPLICATION,
    Partner: RevocationScope.PARTNER,
    Platform: RevocationScope.PLATFORM,
    Tenant: RevocationScope.TENANT,
    User: RevocationScope.USER,
}


@receiver(pre_deactivate)
def revoke_sessions_under(*, instance: Entity, actor: Principal, reason: str, **_: Any) -> int:
    """Revoke the sessions that depend on something suspended or deleted. Groups, for example, have none."""
    if type(instance) not in _SCOPES:
        return 0
    return operations.revoke_scope_unaudited(_SCOPES[type(instance)], instance.pk, actor=actor, reason=reason).count


@receiver(tenant_moved)
def move_sessions_with_tenant(*, instance: Tenant, **_: Any) -> int:
    """Assign a moved tenant's ended sessions and its revocations to the new partner."""
    operations.sweep_tenant_before_move(instance)
    Session.objects.filter(tenant=instance).update(partner=instance.partner_id)
    Revocation.objects.filter(tenant_id=instance.pk).update(partner_id=instance.partner_id)
    return 0


@receiver(session_policy_changed)
def apply_policy_to_live_sessions(
    *, instance: Platform | Partner | Tenant, actor: Principal, is_written: bool, **_: Any
) -> int:
    """Block sign-ins before a policy is saved, and apply it to live sessions afterwards."""
    scope, target_id = _SCOPES[type(instance)], None if isinstance(instance, Platform) else instance.pk
    if not is_written:
        operations.block_sign_ins(scope, target_id)
        return 0
    return operations.apply_session_policy(scope, target_id, actor=actor)


@receiver(password_changed)
def revoke_others_after_password_change(*, user: User, actor: Principal, **_: Any) -> int:
    return _revoke_others(user, actor, "password changed")


@receiver(mfa_disabled)
def revoke_others_after_mfa_disabled(*, user: User, actor: Principal, **_: Any) -> int:
    return _revoke_others(user, actor, "MFA disabled")


def _revoke_others(user: User, actor: Principal, reason: str) -> int:
    return operations.revoke_scope_unaudited(
        RevocationScope.USER, user.pk, actor=actor, reason=reason, except_session_id=actor.session_id
    ).count
