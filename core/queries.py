"""Queries that depend on the caller, prepared once for all callers of a kind."""

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
    """Return the rows of `build(caller, *ids, **shape)`, as `values()` does.

    `build` is called once for each kind of caller, each `shape`, and each set of ids that are None, with placeholders
    for the other ids. Anything else that its query depends on must not change while the process runs. A query with
    `parameters`, whose placeholders are in `shape`, is planned for its values each time.
    """
    has_id, types = tuple(each is not None for each in ids), tuple(parameters.types.items()) if parameters else None
    statement = _statement(build, caller.stand_in, has_id, tuple(shape.items()), types)
    values = parameters.values if parameters else ()
    return statement.fetch_dicts(*caller.ids, *(each for each in ids if each is not None), *values)


@lru_cache(maxsize=1_000)
def _statement(
    build: Callable[..., QuerySet[Any, Any]],
    caller: Principal,
    has_id: tuple[bool, ...],
    shape: tuple[Any, ...],
    more_types: tuple[tuple[Any, str], ...] | None,
) -> Statement:
    ids = [stand_in("uuid", number) if is_present else None for number, is_present in enumerate(has_id)]
    types = dict.fromkeys([each for each in ids if each is not None], "uuid")
    kind = Prepared if more_types is None else Statement
    return kind(lambda: build(caller, *ids, **dict(shape)), {**PRINCIPAL_TYPES, **types, **dict(more_types or ())})
