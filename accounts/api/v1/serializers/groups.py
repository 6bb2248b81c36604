"""Groups, who is in them, and what is nested in them."""

from typing import Any

from rest_framework import serializers

from accounts import models, operations
from accounts.api.v1.serializers.base import TenantResourceInput
from accounts.models import Role
from accounts.models.groups import GroupType
from core.api.fields import IdField, OptionalText, StrictChoice, StrictString
from core.api.response_fields import Count, Id
from core.api.serializers import Resource, ResourceInput, RowSerializer
from core.ids import Prefix
from core.models import Status
from tenancy.operations import change


class ChangedGroup(TenantResourceInput):
    name = StrictString(max_length=200)
    description = OptionalText(max_length=1000, required=False)
    group_type = StrictChoice(GroupType, required=False)

    def update(self, instance: models.Group, validated_data: dict[str, Any]) -> models.Group:
        self.sessions_ended = change(instance, actor=self.principal, versions=self.versions, **validated_data)
        return instance


class NewGroup(ChangedGroup):
    tenant_id = IdField(Prefix.TENANT, required=False, help_text="Required, unless you administer a tenant.")

    def create(self, validated_data: dict[str, Any]) -> models.Group:
        tenant = self.pop_tenant(validated_data)
        return operations.create_group(actor=self.principal, tenant=tenant, **validated_data)


class Group(Resource):
    id = Id(Prefix.GROUP)
    tenant_id = Id(Prefix.TENANT)
    name = serializers.CharField()
    description = serializers.CharField()
    group_type = StrictChoice(GroupType)
    member_count = Count(help_text="How many direct members it has.")


# What is put into a group, which is the instance that is updated.
class GroupAddition(ResourceInput):
    is_new = False

    def get_within(self, rows: Any, pk: Any) -> Any:
        """Look up what is added: the principal must be able to change it, and it must be of the group's tenant."""
        group: Any = self.instance
        return self.get_related(rows.writable_by(self.principal).not_deleted().filter(tenant=group.tenant_id), pk)


class NewMember(GroupAddition):
    user_id = IdField(Prefix.USER)

    def update(self, instance: models.Group, validated_data: dict[str, Any]) -> models.Group:
        user = self.get_within(models.User.objects, validated_data["user_id"])
        self.is_new = operations.add_member(instance, user, actor=self.principal)
        return instance


class Member(RowSerializer):
    id = Id(Prefix.USER)
    email = serializers.EmailField()
    display_name = serializers.CharField()
    role = StrictChoice(Role)
    status = StrictChoice(Status)


class NewNesting(GroupAddition):
    child_group_id = IdField(Prefix.GROUP)

    def update(self, instance: models.Group, validated_data: dict[str, Any]) -> models.Group:
        child = self.get_within(models.Group.objects, validated_data["child_group_id"])
        self.is_new = operations.nest(instance, child, actor=self.principal)
        return instance
