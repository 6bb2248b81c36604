"""Clients: programs that authenticate with an ID and a secret."""

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
        """Exclude clients that may administer."""
        has_admin_scope: Any = [Q(allowed_scopes__contains=[scope]) for scope in ("admin:read", "admin:write")]
        return self.exclude(has_admin_scope[0] | has_admin_scope[1])

    def editable_by_machine(self, principal: Principal) -> Self:
        """For a machine, exclude administrative clients: it must not change itself, or get the secret of another."""
        return self.without_admin_scopes() if principal.is_scoped else self


class Client(Entity):
    """A client with a secret, of which only the digest is stored. Tokens issued before the secret are refused."""

    client_id_prefix: ClassVar[str]

    client_id = models.CharField(max_length=128, unique=True)
    secret_digest = models.BinaryField(max_length=32, null=True)
    secret_revision = models.BigIntegerField(default=0, editable=False)
    allowed_scopes = ArrayField(models.CharField(max_length=LONGEST_SCOPE), default=list, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def new_client_id(cls) -> str:
        return cls.client_id_prefix + "".join(secrets.choice(ALPHABET) for _ in range(26))


def is_administrative(scope: str) -> bool:
    return scope.lower().startswith(ADMINISTRATIVE)
