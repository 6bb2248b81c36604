"""Lookups that make PostgreSQL find keys first and read their rows afterwards."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Lookup, QuerySet, UUIDField, Value


class AnyOf(Lookup):
    """Equal to any element of an array. The planner looks up key by key, where `IN (subquery)` may become a join."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        key, key_values = self.process_lhs(compiler, connection)
        array, array_values = self.process_rhs(compiler, connection)
        return f"{key} = ANY({array})", (*key_values, *array_values)


def pk_in(keys: QuerySet[Any, Any] | list[UUID]) -> AnyOf:
    """Return the condition that a row's primary key is among these. A list is sent as a single array parameter."""
    array = Value(keys, ArrayField(UUIDField())) if isinstance(keys, list) else ArraySubquery(keys)
    return AnyOf(F("pk"), array)
