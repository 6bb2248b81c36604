"""Groups of a tenant's users, nested to any depth. Membership grants nothing by itself."""

from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from accounts.models.users import User
from core.ids import Prefix
from core.lookups import AnyOf, pk_in
from core.models import Entity, Status, one_of
from tenancy.models import Tenant, TenantOwnedQuerySet


class GroupType(models.TextChoices):
    SECURITY = "SECURITY"
    DISTRIBUTION_LIST = "DISTRIBUTION_LIST"


class GroupQuerySet(TenantOwnedQuerySet["Group"]):
    def within(self, group_id: UUID) -> Self:
        """Return a group and all groups nested in it, to any depth, except through deleted groups."""
        return self.filter(pk__in=RawSQL("SELECT * FROM groups_within(%s)", [group_id]))

    def nested_in(self, group_id: UUID) -> Self:
        """Return the groups nested directly in a group."""
        return self.in_existing_tenant().filter(parents__parent=group_id)


class Group(Entity):
    prefix = Prefix.GROUP
    Type = GroupType

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="groups")
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=1000, blank=True)
    group_type = models.CharField(max_length=20, choices=Type.choices, default=Type.SECURITY)

    objects = GroupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=Q(deleted_at=None), name="group_name_is_unique"
            ),
            one_of("group_type", GroupType, "group_type_is_known"),
            one_of("status", Status, "group_status_is_known"),
            # Composite foreign keys of memberships and nestings reference it, so both ends belong to one tenant.
            models.UniqueConstraint(fields=["id", "tenant"], name="group_id_and_tenant"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMembershipQuerySet(models.QuerySet["GroupMembership"]):
    def not_deleted(self) -> Self:
        """Exclude memberships of deleted users and in deleted groups."""
        return self.filter(group__deleted_at=None, user__deleted_at=None)


class GroupMembership(models.Model):
    """A user in a group. Its composite foreign keys, which include the tenant, are in a migration."""

    tenant_id = models.UUIDField()
    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships", db_constraint=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", db_constraint=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = GroupMembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="member_is_there_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"


class GroupNesting(models.Model):
    """A group in another. Its composite foreign keys, which include the tenant, are in a migration."""

    tenant_id = models.UUIDField()
    parent = models.ForeignKey(Group, models.CASCADE, related_name="children", db_constraint=False)
    child = models.ForeignKey(Group, models.CASCADE, related_name="parents", db_constraint=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="group_is_nested_once"),
            models.CheckConstraint(condition=~Q(parent=F("child")), name="group_is_not_nested_in_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.child_id} in {self.parent_id}"


def members_of(group_id: Any, *, effective: bool = False) -> Any:
    """Return a group's members without deleted ones, each once; if `effective`, those of nested groups as well."""
    if effective:
        ids = RawSQL("ARRAY(SELECT members_within(%s))", [group_id])
        return User.objects.not_deleted().filter(AnyOf(F("pk"), ids))
    return User.objects.filter(pk_in(GroupMembership.objects.not_deleted().filter(group=group_id).values("user")))
