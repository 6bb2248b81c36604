"""Rows found first, and looked up then."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Lookup, QuerySet, UUIDField, Value


class AnyOf(Lookup):
    """One of an array, which is looked up key by key; what is `in` a query may be joined with it, row by row."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        key, key_values = self.process_lhs(compiler, connection)
        array, array_values = self.process_rhs(compiler, connection)
        return f"{key} = ANY({array})", (*key_values, *array_values)


def pk_in(keys: QuerySet[Any, Any] | list[UUID]) -> AnyOf:
    """For a filter: rows whose own key is one of these. Thousands in a list are one value, not thousands."""
    array = Value(keys, ArrayField(UUIDField())) if isinstance(keys, list) else ArraySubquery(keys)
    return AnyOf(F("pk"), array)
