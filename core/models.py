"""What most rows have in common. Abstract: core owns no tables."""

from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models.functions import Now

from core.access import ScopedQuerySet
from core.ids import Prefix, encode_id, uuid7

M = TypeVar("M", bound=models.Model)


class ConcurrentChange(Exception):
    """Somebody else was quicker, and what was decided on does not hold any more."""


class VersionMismatch(Exception):
    """It is not the version that the caller speaks of."""


class Status(models.TextChoices):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class Record(models.Model):
    """A row with a public handle, born at the database's time."""

    prefix: ClassVar[Prefix]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True

    @property
    def handle(self) -> str:
        return encode_id(self.prefix, self.pk)


class EntityQuerySet(ScopedQuerySet[M]):
    def not_deleted(self) -> "EntityQuerySet[M]":
        """Not deleted. A deleted thing is in no list and answers 404."""
        return self.filter(deleted_at=None)


class Entity(Record):
    """A thing with a life: active or suspended, deleted softly, and with a floor under its sessions' revisions."""

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    min_revision = models.BigIntegerField(default=0, editable=False)
    floor_raised_at = models.DateTimeField(null=True, editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def version(self) -> str:
        return version_at(self.updated_at)


def defaults_of(model: type[models.Model]) -> dict[str, Any]:
    """What a new row holds where nothing is said, as far as that is the same for every row."""
    defaults = {field.name: field.default for field in model._meta.concrete_fields if field.has_default()}  # noqa: SLF001 - a documented API
    empty = {name: default() for name, default in defaults.items() if default in (dict, list)}
    return {name: default for name, default in defaults.items() if not callable(default)} | empty


def version_at(moment: datetime) -> str:
    """Every change has a moment of its own: it is written under the row's lock, at the database's time."""
    return f"{int(moment.timestamp() * 1_000_000):x}"


def is_active(path: str = "") -> models.Q:
    """Active and not deleted, seen from `path`."""
    return models.Q(**{f"{path}status": Status.ACTIVE, f"{path}deleted_at": None})


def one_of(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)
