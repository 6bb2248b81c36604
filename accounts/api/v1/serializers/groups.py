"""Groups, who is in them, and what is nested in them."""

from rest_framework import serializers

from accounts.models import Role
from accounts.models.groups import GroupType
from core.fields import Handle, Note, Text, Word
from core.ids import Prefix
from core.records import Status
from core.response_fields import Count, Id, Resource


class ChangedGroup(serializers.Serializer):
    name = Text(max_length=200)
    description = Note(max_length=1000, required=False)
    group_type = Word(GroupType, required=False)


class NewGroup(ChangedGroup):
    tenant_id = Handle(Prefix.TENANT, required=False, help_text="Required, unless you administer a tenant.")


class Group(Resource):
    id = Id(Prefix.GROUP)
    tenant_id = Id(Prefix.TENANT)
    name = serializers.CharField()
    description = serializers.CharField()
    group_type = Word(GroupType)
    member_count = Count(help_text="How many direct members it has.")


class NewMember(serializers.Serializer):
    user_id = Handle(Prefix.USER)


class Member(serializers.Serializer):
    id = Id(Prefix.USER)
    email = serializers.EmailField()
    display_name = serializers.CharField()
    role = Word(Role)
    status = Word(Status)


class NewNesting(serializers.Serializer):
    child_group_id = Handle(Prefix.GROUP)
