"""Groups, their members, and the groups nested in them."""

from typing import Any

from django.db import transaction

from accounts.models import Group, GroupMembership, GroupNesting, User
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.models import ConcurrentChange
from tenancy.models import Tenant
from tenancy.operations import bump_version, lock, lock_tenant_for_create, record_created


class GroupCycle(Exception):
    """Nesting the group would put it into itself, directly or through other groups."""


@transaction.atomic
def create_group(*, actor: Principal, tenant: Tenant, name: str, **columns: Any) -> Group:
    lock_tenant_for_create(tenant, actor=actor)
    group = Group.objects.create(tenant=tenant, name=name, **columns)
    record_created(group, actor=actor, name=name, **columns)
    return group


@transaction.atomic
def add_member(group: Group, user: User, *, actor: Principal) -> bool:
    """Add a user to a group; return whether that was new."""
    lock(group, actor=actor)
    _, is_new = GroupMembership.objects.get_or_create(group=group, user=user, defaults={"tenant_id": group.tenant_id})
    if is_new:
        bump_version(group)
        record(Action.GROUP_MEMBER_ADDED, actor=actor, resource=group, changes={"user_id": [None, user.handle]})
    return is_new


@transaction.atomic
def remove_member(group: Group, user: User, *, actor: Principal) -> bool:
    """Remove a user from a group; return whether they were a member."""
    lock(group, actor=actor)
    removed, _ = GroupMembership.objects.filter(group=group, user=user).delete()
    if removed:
        bump_version(group)
        record(Action.GROUP_MEMBER_REMOVED, actor=actor, resource=group, changes={"user_id": [user.handle, None]})
    return bool(removed)


@transaction.atomic
def nest(parent: Group, child: Group, *, actor: Principal) -> bool:
    """Nest a group in another; return whether that was new.

    The lock admits one nesting at a time per tenant, because two that are valid each could form a cycle together.
    """
    lock(parent, actor=actor)
    if not Group.objects.not_deleted().filter(pk=child.pk).exists():
        raise ConcurrentChange
    if Group.objects.within(child.pk).filter(pk=parent.pk).exists():
        raise GroupCycle
    _, is_new = GroupNesting.objects.get_or_create(parent=parent, child=child, defaults={"tenant_id": parent.tenant_id})
    if is_new:
        changes = {"child_group_id": [None, child.handle]}
        record(Action.GROUP_NESTED, actor=actor, resource=parent, changes=changes)
    return is_new


@transaction.atomic
def unnest(parent: Group, child: Group, *, actor: Principal) -> bool:
    """Remove a nested group; return whether it was nested there."""
    lock(parent, actor=actor)
    removed, _ = GroupNesting.objects.filter(parent=parent, child=child).delete()
    if removed:
        changes = {"child_group_id": [child.handle, None]}
        record(Action.GROUP_UNNESTED, actor=actor, resource=parent, changes=changes)
    return bool(removed)
