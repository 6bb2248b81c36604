"""The fields that filters of identities can use. An identity is a user, and its name is the e-mail address."""

from django.db.models import F, Q
from django.db.models.functions import Collate

from accounts.models.users import is_admin
from core.ids import Prefix
from sessions_app.api.edge.filters.logic import Condition
from sessions_app.api.edge.filters.symbols import (
    TAGS,
    Boolean,
    Date,
    EmptySet,
    FixedValue,
    Handle,
    Null,
    Symbols,
    Tags,
    Text,
)

NAME = "name_in_bytes"
TYPE, AUTH_POLICY = "Default", "default"  # OpenZiti's names for its defaults


def has_name(texts: list[str]) -> Condition:
    return Q(email__in=texts)


IDENTITIES = Symbols(
    {
        "id": Handle(Prefix.USER, "id"),
        "createdAt": Date("created_at"),
        "updatedAt": Date("updated_at"),
        TAGS: Tags(),
        "isSystem": FixedValue(False),
        "name": Text(NAME, has_name),
        "type": FixedValue(TYPE),
        "isAdmin": Boolean(is_admin()),
        "isDefaultAdmin": FixedValue(False),
        "roleAttributes": EmptySet(),
        "authPolicyId": FixedValue(AUTH_POLICY),
        "externalId": Null(),
    },
    annotations={NAME: Collate(F("email"), "C")},
)
