"""What filters of identities may speak of: an identity is a user, and its name is the e-mail address."""

from django.db.models import F, Q
from django.db.models.functions import Collate

from accounts.models.users import is_admin
from core.ids import Prefix
from sessions_app.api.edge.filters.logic import Condition
from sessions_app.api.edge.filters.symbols import TAGS, Date, EmptySet, Handle, Null, Same, Symbols, Tags, Text, Truth

NAME = "name_in_bytes"
TYPE, AUTH_POLICY = "Default", "default"  # the names that the controller itself gives to what everybody has


def has_name(texts: list[str]) -> Condition:
    return Q(email__in=texts)


IDENTITIES = Symbols(
    {
        "id": Handle(Prefix.USER, "id"),
        "createdAt": Date("created_at"),
        "updatedAt": Date("updated_at"),
        TAGS: Tags(),
        "isSystem": Same(False),
        "name": Text(NAME, has_name),
        "type": Same(TYPE),
        "isAdmin": Truth(is_admin()),
        "isDefaultAdmin": Same(False),
        "roleAttributes": EmptySet(),
        "authPolicyId": Same(AUTH_POLICY),
        "externalId": Null(),
    },
    added={NAME: Collate(F("email"), "C")},
)
