"""Groups of a tenant's people, and of other groups to any depth. Being in one grants nothing by itself."""

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
        """The group, and all that is nested in it, however deep; nothing of it is reached through a deleted one."""
        found = RawSQL("SELECT * FROM groups_within(%s)", [group_id])
        return self.filter(pk__in=found)

    def nested_in(self, group_id: UUID) -> Self:
        """Directly."""
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
            # What memberships and nestings point at: both ends are of one tenant because the database says so.
            models.UniqueConstraint(fields=["id", "tenant"], name="group_id_and_tenant"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMembershipQuerySet(models.QuerySet["GroupMembership"]):
    def not_deleted(self) -> Self:
        """Of somebody who is there in something that is."""
        return self.filter(group__deleted_at=None, user__deleted_at=None)


class GroupMembership(models.Model):
    """Its foreign keys have the tenant in them, which Django cannot say: a migration does."""

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
    """Likewise."""

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
    """Who is in it, each once; effective ones also by way of the groups that are nested in it. Nobody deleted."""
    if effective:
        found = RawSQL("ARRAY(SELECT members_within(%s))", [group_id])
        return User.objects.not_deleted().filter(AnyOf(F("pk"), found))
    return User.objects.filter(pk_in(GroupMembership.objects.not_deleted().filter(group=group_id).values("user")))
