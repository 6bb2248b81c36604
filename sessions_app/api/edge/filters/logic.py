"""Conditions put together. What is true or false of every session never reaches the database."""

from collections.abc import Iterable

from django.db.models import Q

Condition = bool | Q


def all_of(conditions: Iterable[Condition]) -> Condition:
    return _folded(conditions, Q.AND, settles=False)


def any_of(conditions: Iterable[Condition]) -> Condition:
    return _folded(conditions, Q.OR, settles=True)


def inverse(condition: Condition) -> Condition:
    return not condition if isinstance(condition, bool) else ~condition


def _folded(conditions: Iterable[Condition], connector: str, *, settles: bool) -> Condition:
    open_ones = [each for each in conditions if each is not (not settles)]
    if settles in open_ones:
        return settles
    return Q(*open_ones, _connector=connector) if open_ones else not settles
