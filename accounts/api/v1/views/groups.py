from http import HTTPStatus
from typing import Any
from uuid import UUID

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
from core.api.pagination import total_or_404
from core.api.resources import ResourceViewSet
from core.api.schema import enveloped, paginated, refused
from core.ids import Prefix
from tenancy.operations import delete

ADDED = {201: enveloped(serializers.Group), 200: enveloped(serializers.Group)}
A_RING = refused("The group would contain itself, or another request changed it at the same time.")


class GroupViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Groups"
    resource_name, model = "group", Group
    notes = {
        "create": "The name must be unique in its tenant.",
        "destroy": "Its members and nested groups are not deleted. The name can be used again.",
    }
    columns = ("id", "created_at", "updated_at", "tenant_id", "name", "description", "group_type", "member_count")
    serializer_class = serializers.Group
    create_serializer_class, update_serializer_class = serializers.NewGroup, serializers.ChangedGroup
    filterset_class = filters.GroupFilters
    filterset_classes = {"members": filters.MemberFilters, "nested": filters.NestedFilters}
    reads = dict.fromkeys(("list", "retrieve", "members", "nested"), Tier.TENANT)
    writes = dict.fromkeys(
        ("create", "update", "destroy", "add_member", "remove_member", "nest", "unnest"), Tier.TENANT
    )
    repeatable = frozenset({"create"})
    errors = wire.GROUP_ERRORS
    unique = {"group_name_is_unique": "name"}
    missing = "Group not found"

    def get_queryset(self) -> GroupQuerySet:
        return Group.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    def annotate(self, rows: Any) -> Any:
        return rows.annotate(member_count=count_of(GroupMembership.objects.not_deleted().filter(group=OuterRef("pk"))))

    def perform_destroy(self, instance: Group) -> int:
        return delete(instance, actor=self.principal, versions=self.versions)

    @extend_schema(operation_id="list_group_members", responses=paginated(serializers.Member))
    def members(self, request: Request, resource_id: str) -> Response:
        """List a group's members. With `effective=true`, members of nested groups are included. Suspended users are
        listed, deleted ones are not."""
        represent = serializers.Member().to_representation
        if page := self.prepared_page_response(
            self.member_rows, self.with_member_columns, represent, self.pk, total=self.member_total
        ):
            return page
        filterset = self.get_filterset(User.objects.all())
        filterset.group_id = self.pk
        return self.page_response(
            filterset,
            total=lambda: total_or_404(self.get_rows(), count_of(filterset.qs)),
            fetch=self.with_member_columns,
            represent=represent,
        )

    def member_rows(self, group_id: UUID) -> Any:
        return members_of(group_id)

    def member_total(self, group_id: UUID) -> Any:
        return self.total_in(group_id, self.member_rows(group_id))

    def with_member_columns(self, rows: Any) -> Any:
        return rows.values("id", "email", "display_name", "role", "status")

    @extend_schema(operation_id="add_group_member", request=serializers.NewMember, responses={**ADDED, 409: A_RING})
    def add_member(self, request: Request, resource_id: str) -> Response:
        """Add a user to a group. They must be in the same tenant. Responds 201 if they were added, 200 if they already
        were a member."""
        return self.add(serializers.NewMember)

    @extend_schema(operation_id="remove_group_member", request=None, responses={204: None})
    def remove_member(self, request: Request, resource_id: str, user_id: str) -> Response:
        """Remove a user from a group. They may remain an effective member through a nested group."""
        group = self.get_object()
        members = members_of(group.pk).filter(pk=self.id_or_404(Prefix.USER, user_id))
        user = self.first_or_404(self.check_writable(members))
        self.count_or_404(operations.remove_member(group, user, actor=self.principal))
        return self.no_content()

    @extend_schema(operation_id="list_nested_groups", responses=paginated(serializers.Group))
    def nested(self, request: Request, resource_id: str) -> Response:
        """List a group's nested groups. Only those that are nested in it directly are returned."""
        represent = self.serializer_class().to_representation
        if page := self.prepared_page_response(
            self.nested_rows, self.with_columns, represent, self.pk, total=self.nested_total
        ):
            return page
        filterset = self.get_filterset(self.nested_rows(self.pk))
        return self.page_response(
            filterset,
            total=lambda: total_or_404(self.get_rows(), count_of(filterset.qs)),
            fetch=self.with_columns,
            represent=represent,
        )

    def nested_rows(self, group_id: UUID) -> Any:
        return Group.objects.nested_in(group_id)

    def nested_total(self, group_id: UUID) -> Any:
        return self.total_in(group_id, self.nested_rows(group_id))

    def total_in(self, group_id: UUID, rows: Any) -> Any:
        """How many rows there are; no row at all if the caller cannot see the group."""
        return self.get_queryset().filter(pk=group_id).order_by().values(total=count_of(rows))

    @extend_schema(operation_id="nest_group", request=serializers.NewNesting, responses={**ADDED, 409: A_RING})
    def nest(self, request: Request, resource_id: str) -> Response:
        """Nest a group in another. Both must be in the same tenant. Responds 201 if it was nested, 200 if it already
        was."""
        return self.add(serializers.NewNesting)

    @extend_schema(operation_id="unnest_group", request=None, responses={204: None})
    def unnest(self, request: Request, resource_id: str, child_group_id: str) -> Response:
        """Remove a nested group from a group. The nested group itself is not deleted."""
        group = self.get_object()
        nested = Group.objects.nested_in(group.pk).filter(pk=self.id_or_404(Prefix.GROUP, child_group_id))
        self.count_or_404(operations.unnest(group, self.first_or_404(nested), actor=self.principal))
        return self.no_content()

    def add(self, serializer_class: type[serializers.GroupAddition]) -> Response:
        group = self.get_object()
        serializer = serializer_class(group, data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return self.detail_response(group.pk, HTTPStatus.CREATED if serializer.is_new else HTTPStatus.OK)
