"""Queries that depend on who is asking, prepared once for all callers of a kind."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from core.access import PRINCIPAL_TYPES, Principal
from core.prepared import Prepared, stand_in


def fetch_for(
    caller: Principal, build: Callable[..., QuerySet[Any, Any]], *ids: UUID | None, **shape: Any
) -> list[dict[str, Any]]:
    """The rows of `build(caller, *ids, **shape)`, as `values()` has them.

    `build` is called once for each kind of caller, each `shape`, and each choice of ids that are None; then with
    stand-ins for all other ids. Whatever else its query depends on must not change while the process runs.
    """
    given = tuple(each is not None for each in ids)
    statement = _prepared(build, caller.stand_in, given, tuple(shape.items()))
    return statement.fetch_dicts(*caller.ids, *(each for each in ids if each is not None))


@lru_cache(maxsize=1_000)
def _prepared(
    build: Callable[..., QuerySet[Any, Any]], caller: Principal, given: tuple[bool, ...], shape: tuple[Any, ...]
) -> Prepared:
    ids = [stand_in("uuid", number) if is_given else None for number, is_given in enumerate(given)]
    types = dict.fromkeys([each for each in ids if each is not None], "uuid")
    return Prepared(lambda: build(caller, *ids, **dict(shape)), {**PRINCIPAL_TYPES, **types})
