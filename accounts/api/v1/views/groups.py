from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db.models import OuterRef
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from accounts.api.v1 import filters, wire
from accounts.api.v1.serializers import groups as serializers
from accounts.models import Group, GroupMembership, User
from accounts.models.groups import GroupQuerySet, members_of
from audit.api.idempotency import IdempotentViewSet
from core.access import Tier, count_of
from core.api.pagination import total_within
from core.api.resources import ResourceViewSet
from core.api.schema import enveloped, paginated, refused
from core.ids import Prefix, encode_id
from tenancy.operations import change, delete

ADDED = {201: enveloped(serializers.Group), 200: enveloped(serializers.Group)}
A_RING = refused("The group would contain itself, or another request changed it at the same time.")


class GroupViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Groups"
    noun, model = "group", Group
    notes = {
        "create": "The name must be unique in its tenant.",
        "destroy": "Its members and nested groups are not deleted. The name can be used again.",
    }
    columns = ("id", "created_at", "updated_at", "tenant_id", "name", "description", "group_type", "member_count")
    shown_by, made_by, changed_by = serializers.Group, serializers.NewGroup, serializers.ChangedGroup
    lists = {"list": filters.GROUPS, "members": filters.MEMBERS, "nested": filters.NESTED}
    reads = dict.fromkeys(("list", "retrieve", "members", "nested"), Tier.TENANT)
    writes = dict.fromkeys(
        ("create", "update", "destroy", "add_member", "remove_member", "nest", "unnest"), Tier.TENANT
    )
    repeatable = frozenset({"create"})
    errors = wire.GROUP_ERRORS
    unique = {"group_name_is_unique": "name"}
    missing = "Group not found"

    def things(self) -> GroupQuerySet:
        return Group.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    def described(self, rows: Any) -> Any:
        return rows.annotate(member_count=count_of(GroupMembership.objects.not_deleted().filter(group=OuterRef("pk"))))

    @classmethod
    def item(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().item(row), "tenant_id": encode_id(Prefix.TENANT, row["tenant_id"])}

    def make(self, given: dict[str, Any]) -> tuple[Group, dict[str, Any]]:
        tenant = wire.tenant_of(self, given)
        return operations.create_group(actor=self.principal, tenant=tenant, **given), {}

    def alter(self, thing: Group, given: dict[str, Any]) -> int:
        return change(thing, actor=self.principal, versions=self.versions, **given)

    def remove(self, thing: Group) -> int:
        return delete(thing, actor=self.principal, versions=self.versions)

    @extend_schema(operation_id="list_group_members", responses=paginated(serializers.Member))
    def members(self, request: Request, resource_id: str) -> Response:
        """List a group's members. With `effective=true`, members of nested groups are included. Suspended users are
        listed, deleted ones are not."""
        found = self.filtered(User.objects.all())
        found.group_id = self.id_or_404(Prefix.GROUP, resource_id)
        return self.page(
            found,
            total=lambda: total_within(self.named(resource_id), count_of(found.qs)),
            fetch=lambda rows: rows.values("id", "email", "display_name", "role", "status"),
            item=lambda row: {**row, "id": encode_id(Prefix.USER, row["id"])},
        )

    @extend_schema(operation_id="add_group_member", request=serializers.NewMember, responses={**ADDED, 409: A_RING})
    def add_member(self, request: Request, resource_id: str) -> Response:
        """Add a user to a group. They must be in the same tenant. Responds 201 if they were added, 200 if they already
        were a member."""
        group = self.only(self.changeable(self.named(resource_id)))
        people = User.objects.writable_by(self.principal).not_deleted().filter(tenant=group.tenant_id)
        user = self.target(people, self.body(serializers.NewMember)["user_id"])
        return self.added(group, is_new=operations.add_member(group, user, actor=self.principal))

    @extend_schema(operation_id="remove_group_member", request=None, responses={204: None})
    def remove_member(self, request: Request, resource_id: str, user_id: str) -> Response:
        """Remove a user from a group. They may remain an effective member through a nested group."""
        group = self.only(self.changeable(self.named(resource_id)))
        members = members_of(group.pk).filter(pk=self.id_or_404(Prefix.USER, user_id))
        user = self.only(self.changeable(members))
        self.found(operations.remove_member(group, user, actor=self.principal))
        return self.nothing()

    @extend_schema(operation_id="list_nested_groups", responses=paginated(serializers.Group))
    def nested(self, request: Request, resource_id: str) -> Response:
        """List a group's nested groups. Only those that are nested in it directly are returned."""
        found = self.filtered(Group.objects.nested_in(self.id_or_404(Prefix.GROUP, resource_id)))
        return self.page(
            found,
            total=lambda: total_within(self.named(resource_id), count_of(found.qs)),
            fetch=lambda rows: self.described(rows).values(*self.columns),
            item=self.item,
        )

    @extend_schema(operation_id="nest_group", request=serializers.NewNesting, responses={**ADDED, 409: A_RING})
    def nest(self, request: Request, resource_id: str) -> Response:
        """Nest a group in another. Both must be in the same tenant. Responds 201 if it was nested, 200 if it already
        was."""
        group = self.only(self.changeable(self.named(resource_id)))
        groups = Group.objects.writable_by(self.principal).not_deleted().filter(tenant=group.tenant_id)
        child = self.target(groups, self.body(serializers.NewNesting)["child_group_id"])
        return self.added(group, is_new=operations.nest(group, child, actor=self.principal))

    @extend_schema(operation_id="unnest_group", request=None, responses={204: None})
    def unnest(self, request: Request, resource_id: str, child_group_id: str) -> Response:
        """Remove a nested group from a group. The nested group itself is not deleted."""
        group = self.only(self.changeable(self.named(resource_id)))
        nested = Group.objects.nested_in(group.pk).filter(pk=self.id_or_404(Prefix.GROUP, child_group_id))
        self.found(operations.unnest(group, self.only(nested), actor=self.principal))
        return self.nothing()

    def added(self, group: Group, *, is_new: bool) -> Response:
        return self.told(group.pk, HTTPStatus.CREATED if is_new else HTTPStatus.OK)
