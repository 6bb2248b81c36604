"""Serializers that define what a resource takes and what it looks like.

Their context holds the acting principal and, for an update, the versions that the caller has read. It never holds a
request, so any caller with a principal can use them: v1's views and the console's forms do.
"""

from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, PermissionDenied, ValidationError
from rest_framework.settings import api_settings

from core import ids
from core.access import Principal, ScopedQuerySet
from core.api.response_fields import Id
from core.ids import Prefix

M = TypeVar("M", bound=Model)


def field_error(name: str, message: str, code: str) -> ValidationError:
    return ValidationError({name: [ErrorDetail(message, code=code)]})


# The published schema shows the docstring of a serializer, or of its nearest base that has one, as the description of
# the resource. That is why these have comments instead.


# An input that refuses the names it does not know, as it refuses the values that do not fit.
class InputSerializer(serializers.Serializer):
    def run_validation(self, data: Any = serializers.empty) -> Any:
        if not isinstance(data, dict):
            raise field_error(api_settings.NON_FIELD_ERRORS_KEY, "Input should be a valid object", "model_type")
        unknown = {
            name: [ErrorDetail("Unknown field", code="extra_forbidden")] for name in sorted(data.keys() - self.fields)
        }
        try:
            value = super().run_validation(data)
        except ValidationError as error:
            errors: Any = error.detail
            raise ValidationError({**errors, **unknown}) from error
        if unknown:
            raise ValidationError(unknown)
        return value


# The input of a resource. `save()` calls the operation, which judges what the principal may do, and raises its errors.
class ResourceInput(InputSerializer):
    sessions_ended = 0  # by an update
    secret: str | None = None  # the secret of a created resource, which is returned only once

    @property
    def principal(self) -> Principal:
        principal: Principal = self.context["principal"]
        return principal

    @property
    def versions(self) -> frozenset[str] | None:
        """The versions of which the resource must have one; None accepts any."""
        versions: frozenset[str] | None = self.context.get("versions")
        return versions

    def get_related(self, rows: ScopedQuerySet[M], pk: UUID | None) -> M:
        """Look up what the input refers to. What the principal cannot see is refused as if it did not exist."""
        related = rows.visible_to(self.principal).filter(pk=pk).first()
        if related is None:
            raise PermissionDenied
        return related

    def require(self, name: str, value: Any) -> Any:
        """A field that is required by what other fields say."""
        if value is None:
            raise field_error(name, "Field required", "required")
        return value


# Represents rows that are dicts, as `values()` has them, with one value for each field. Only ids differ from what the
# database holds, so that a list of rows costs little more than copying them.
class RowSerializer(serializers.Serializer):
    def to_representation(self, instance: Any) -> dict[str, Any]:
        row = dict(instance)
        for name, prefix in _ids_of(type(self)):
            if row[name] is not None:
                row[name] = ids.encode_id(prefix, row[name])
        return row


# What a resource looks like.
class Resource(RowSerializer):
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


@cache
def _ids_of(serializer: type[serializers.Serializer]) -> list[tuple[str, Prefix]]:
    fields = serializer._declared_fields  # noqa: SLF001 - where DRF's metaclass puts them; `fields` is made per instance
    return [(name, field.prefix) for name, field in fields.items() if isinstance(field, Id)]
