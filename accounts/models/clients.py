"""What signs in by itself, with an id and a secret of its own."""

import secrets
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.access import Principal
from core.ids import ALPHABET
from core.models import Entity, EntityQuerySet

ADMINISTRATIVE = "admin:"
LONGEST_SCOPE = 64
M = TypeVar("M", bound="Client")


class ClientQuerySet(EntityQuerySet[M]):
    def without_admin_scopes(self) -> Self:
        """Without a right to administer anything."""
        powers: Any = [Q(allowed_scopes__contains=[scope]) for scope in ("admin:read", "admin:write")]
        return self.exclude(powers[0] | powers[1])

    def editable_by_machine(self, principal: Principal) -> Self:
        """No machine changes what administers: neither itself, nor one whose secret it could then use."""
        return self.without_admin_scopes() if principal.is_scoped else self


class Client(Entity):
    """Its secret is shown once; only the digest is kept. Tokens from before the secret was made are none any more."""

    id_begins: ClassVar[str]

    client_id = models.CharField(max_length=128, unique=True)
    secret_digest = models.BinaryField(max_length=32, null=True)
    secret_revision = models.BigIntegerField(default=0, editable=False)
    allowed_scopes = ArrayField(models.CharField(max_length=LONGEST_SCOPE), default=list, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def new_client_id(cls) -> str:
        return cls.id_begins + "".join(secrets.choice(ALPHABET) for _ in range(26))


def is_administrative(scope: str) -> bool:
    return scope.lower().startswith(ADMINISTRATIVE)
