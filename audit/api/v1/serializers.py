"""The audit log's responses in v1."""

from rest_framework import serializers

from audit.actions import Action, ResourceType, Result
from core.access import ActorType
from core.api.response_fields import Id
from core.ids import Prefix

ROLES = ("super_admin", "partner_admin", "tenant_admin", "user")


class Entry(serializers.Serializer):
    id = Id(Prefix.AUDIT_ENTRY)
    timestamp = serializers.DateTimeField()
    actor_id = serializers.CharField(allow_null=True)
    actor_email = serializers.CharField(
        allow_null=True,
        help_text="The actor's e-mail address at that time; for anything other than a person, its name.",
    )
    actor_type = serializers.ChoiceField([each.value for each in ActorType])
    actor_role = serializers.ChoiceField(
        ROLES, allow_null=True, help_text="The actor's role at that time; null for anything other than a person."
    )
    action = serializers.ChoiceField([each.value for each in Action])
    resource_type = serializers.ChoiceField([each.value for each in ResourceType], allow_null=True)
    resource_id = serializers.CharField(allow_null=True)
    tenant_id = Id(Prefix.TENANT, allow_null=True)
    partner_id = Id(Prefix.PARTNER, allow_null=True)
    result = serializers.ChoiceField([each.value for each in Result])
    ip_address = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True)
    request_id = serializers.CharField(allow_null=True)
    changes = serializers.DictField(
        help_text="The old and the new value of each field that changed. A value longer than 4,000 bytes is "
        "represented by its `sha256` and its length, `bytes`."
    )
