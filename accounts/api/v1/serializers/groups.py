"""Groups, who is in them, and what is nested in them."""

from rest_framework import serializers

from accounts.models import Role
from accounts.models.groups import GroupType
from core.api.fields import IdField, OptionalText, StrictChoice, StrictString
from core.api.response_fields import Count, Id, Resource
from core.ids import Prefix
from core.models import Status


class ChangedGroup(serializers.Serializer):
    name = StrictString(max_length=200)
    description = OptionalText(max_length=1000, required=False)
    group_type = StrictChoice(GroupType, required=False)


class NewGroup(ChangedGroup):
    tenant_id = IdField(Prefix.TENANT, required=False, help_text="Required, unless you administer a tenant.")


class Group(Resource):
    id = Id(Prefix.GROUP)
    tenant_id = Id(Prefix.TENANT)
    name = serializers.CharField()
    description = serializers.CharField()
    group_type = StrictChoice(GroupType)
    member_count = Count(help_text="How many direct members it has.")


class NewMember(serializers.Serializer):
    user_id = IdField(Prefix.USER)


class Member(serializers.Serializer):
    id = Id(Prefix.USER)
    email = serializers.EmailField()
    display_name = serializers.CharField()
    role = StrictChoice(Role)
    status = StrictChoice(Status)


class NewNesting(serializers.Serializer):
    child_group_id = IdField(Prefix.GROUP)
