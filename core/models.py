"""Abstract base models and their exceptions."""

from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models.functions import Now

from core.access import ScopedQuerySet
from core.ids import Prefix, encode_id, uuid7

M = TypeVar("M", bound=models.Model)


class ConcurrentChange(Exception):
    """The row was changed or deleted by another transaction."""


class VersionMismatch(Exception):
    """The row's version is not the one in `If-Match`."""


class Status(models.TextChoices):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class Record(models.Model):
    """Base model with a prefixed public id. `created_at` is set by the database."""

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
        """Keep rows that are not deleted. Deleted rows are in no list and answer 404."""
        return self.filter(deleted_at=None)


class Entity(Record):
    """Base model of what can be suspended and softly deleted, with a floor for the revisions of its sessions."""

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
    """Return the defaults of a model's fields, as far as they are the same for every row."""
    defaults = {field.name: field.default for field in model._meta.concrete_fields if field.has_default()}  # noqa: SLF001 - a documented API
    empty = {name: default() for name, default in defaults.items() if default in (dict, list)}
    return {name: default for name, default in defaults.items() if not callable(default)} | empty


def version_at(moment: datetime) -> str:
    """Derive the version from the time of the last change, which is unique: it is set under the row's lock."""
    return f"{int(moment.timestamp() * 1_000_000):x}"


def is_active(path: str = "") -> models.Q:
    """Return the condition that the row at `path` is active and not deleted."""
    return models.Q(**{f"{path}status": Status.ACTIVE, f"{path}deleted_at": None})


def one_of(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)
