"""Separate the values of a condition from its form, so that a query is compiled once for each form."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from core.prepared import stand_in

_ADDRESS = "ip_address__"
_FIRST_NUMBER = 100  # lower numbers are for ids


class NotParameterizable(Exception):
    """The condition has a value that cannot be replaced by a placeholder."""


@dataclass(slots=True)
class Parameters:
    """The values of a condition, in order, and the types of the placeholders that replace them."""

    values: list[Any] = field(default_factory=list)
    types: dict[Any, str] = field(default_factory=dict)

    def replace_values(self, condition: Q) -> Q:
        """Return the condition with placeholders for its values, or raise NotParameterizable."""
        children = [self._child(child) for child in condition.children]
        return Q(*children, _connector=condition.connector, _negated=condition.negated)

    def replace_value(self, value: Any) -> Any:
        """Return a placeholder for the value of a filter. Text gets more, for the patterns that lookups make of it."""
        if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
            return self._add(str(value), "text")
        if not isinstance(value, str) or isinstance(value, Enum):
            return self._replace_plain(value)
        placeholder = self._add(value, "text")
        for start in ("%", ""):
            self.types[f"{start}{placeholder}%"] = "text"
            self.values.append(f"{start}{connection.ops.prep_for_like_query(value)}%")
        return placeholder

    def _child(self, child: Any) -> Any:
        if isinstance(child, Q):
            return self.replace_values(child)
        if not isinstance(child, tuple):
            raise NotParameterizable
        lookup, value = child
        if isinstance(value, list | set | frozenset):
            return lookup, [self._replace_in_lookup(lookup, each) for each in value]
        return lookup, self._replace_in_lookup(lookup, value)

    def _replace_in_lookup(self, lookup: str, value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, Enum):
            return self._replace_plain(value)
        if lookup.startswith(_ADDRESS):
            return str(self._add(ipaddress.ip_address(value), "inet"))
        if lookup.endswith("contains"):
            return self._add(value, "text", pattern)
        if lookup.endswith(("__in", "__exact", "__lt", "__lte", "__gt", "__gte")):
            return self._add(value, "text")
        raise NotParameterizable

    def _replace_plain(self, value: Any) -> Any:
        """Return a placeholder for a value that no lookup changes, or the value itself if it is a part of the form."""
        match value:
            case None | bool() | Enum():
                return value
            case UUID():
                return self._add(value, "uuid")
            case datetime():
                return self._add(value, "timestamptz")
            case _:
                raise NotParameterizable

    def _add(self, value: Any, type_: str, as_sent: Callable[[Any], Any] = lambda value: value) -> Any:
        placeholder = stand_in(type_, _FIRST_NUMBER + len(self.values))
        self.types[as_sent(placeholder)] = type_
        self.values.append(as_sent(value))
        return placeholder


def pattern(text: str) -> str:
    """Return the pattern that Django sends for `contains`."""
    return f"%{connection.ops.prep_for_like_query(text)}%"
