"""Combine conditions. What is true or false of every row is decided here, without the database."""

from collections.abc import Iterable

from django.db.models import Q

Condition = bool | Q


def all_of(conditions: Iterable[Condition]) -> Condition:
    return _combine(conditions, Q.AND, absorbing=False)


def any_of(conditions: Iterable[Condition]) -> Condition:
    return _combine(conditions, Q.OR, absorbing=True)


def negate(condition: Condition) -> Condition:
    return not condition if isinstance(condition, bool) else ~condition


def _combine(conditions: Iterable[Condition], connector: str, *, absorbing: bool) -> Condition:
    remaining = [each for each in conditions if each is not (not absorbing)]
    if absorbing in remaining:
        return absorbing
    return Q(*remaining, _connector=connector) if remaining else not absorbing
