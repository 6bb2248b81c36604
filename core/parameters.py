"""Conditions without their values, so that a query is compiled once for all conditions of the same form."""

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
_BEHIND_IDS = 100  # the stand-ins below this are for ids


class NotTaken(Exception):
    """There is a value in the condition that cannot be told from the form."""


@dataclass(slots=True)
class Parameters:
    """The values of a condition, in order, and the stand-ins that are in their places now, with their types."""

    values: list[Any] = field(default_factory=list)
    types: dict[Any, str] = field(default_factory=dict)

    def take_from(self, condition: Q) -> Q:
        """The same condition with stand-ins for its values; NotTaken if it holds anything but lookups of values."""
        children = [self._taken(child) for child in condition.children]
        return Q(*children, _connector=condition.connector, _negated=condition.negated)

    def take(self, value: Any) -> Any:
        """A stand-in for the value of a filter. Of a text, Django's lookups may make a pattern."""
        if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
            return self._add(str(value), "text")
        if not isinstance(value, str) or isinstance(value, Enum):
            return self._take_plain(value)
        stands = self._add(value, "text")
        for start in ("%", ""):
            self.types[f"{start}{stands}%"] = "text"
            self.values.append(f"{start}{connection.ops.prep_for_like_query(value)}%")
        return stands

    def _taken(self, child: Any) -> Any:
        if isinstance(child, Q):
            return self.take_from(child)
        if not isinstance(child, tuple):
            raise NotTaken
        lookup, value = child
        if isinstance(value, list | set | frozenset):
            return lookup, [self._put(lookup, each) for each in value]
        return lookup, self._put(lookup, value)

    def _put(self, lookup: str, value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, Enum):
            return self._take_plain(value)
        if lookup.startswith(_ADDRESS):
            return str(self._add(ipaddress.ip_address(value), "inet"))
        if lookup.endswith("contains"):
            return self._add(value, "text", pattern)
        if lookup.endswith(("__in", "__exact", "__lt", "__lte", "__gt", "__gte")):
            return self._add(value, "text")
        raise NotTaken

    def _take_plain(self, value: Any) -> Any:
        """A stand-in for a value that every lookup takes alike, or the value itself where it is a part of the form."""
        match value:
            case None | bool() | Enum():
                return value
            case UUID():
                return self._add(value, "uuid")
            case datetime():
                return self._add(value, "timestamptz")
            case _:
                raise NotTaken

    def _add(self, value: Any, type_: str, as_sent: Callable[[Any], Any] = lambda value: value) -> Any:
        stands = stand_in(type_, _BEHIND_IDS + len(self.values))
        self.types[as_sent(stands)] = type_
        self.values.append(as_sent(value))
        return stands


def pattern(text: str) -> str:
    """What Django sends for a text that is to be contained."""
    return f"%{connection.ops.prep_for_like_query(text)}%"
