"""Queries that depend on who is asking, prepared once for all callers of a kind."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from core.access import PRINCIPAL_TYPES, Principal
from core.parameters import Parameters
from core.prepared import Prepared, Statement, stand_in


def fetch_for(
    caller: Principal,
    build: Callable[..., QuerySet[Any, Any]],
    *ids: UUID | None,
    parameters: Parameters | None = None,
    **shape: Any,
) -> list[dict[str, Any]]:
    """The rows of `build(caller, *ids, **shape)`, as `values()` has them.

    `build` is called once for each kind of caller, each `shape`, and each choice of ids that are None; then with
    stand-ins for all other ids. Whatever else its query depends on must not change while the process runs.
    With `parameters`, whose stand-ins are in `shape`, it is planned each time for its values.
    """
    given, types = tuple(each is not None for each in ids), tuple(parameters.types.items()) if parameters else None
    statement = _statement(build, caller.stand_in, given, tuple(shape.items()), types)
    values = parameters.values if parameters else ()
    return statement.fetch_dicts(*caller.ids, *(each for each in ids if each is not None), *values)


@lru_cache(maxsize=1_000)
def _statement(
    build: Callable[..., QuerySet[Any, Any]],
    caller: Principal,
    given: tuple[bool, ...],
    shape: tuple[Any, ...],
    more_types: tuple[tuple[Any, str], ...] | None,
) -> Statement:
    ids = [stand_in("uuid", number) if is_given else None for number, is_given in enumerate(given)]
    types = dict.fromkeys([each for each in ids if each is not None], "uuid")
    kind = Prepared if more_types is None else Statement
    return kind(lambda: build(caller, *ids, **dict(shape)), {**PRINCIPAL_TYPES, **types, **dict(more_types or ())})
