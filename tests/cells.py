"""Many cells of one property as one test: each in a savepoint of its own, all that fail reported together by name.

`@cells("slash", ["", "/"])` reads like pytest's parametrize, and several of them multiply. `by` splits a long table
into a test for each key, so that they spread over workers. `signed_in` names people of the world who sign in once for
all cells of a test. `pytest --cell TEXT` runs only the cells with TEXT in their name. A test whose other fixtures keep
state from cell to cell takes `pytest.mark.parametrize` instead.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction

from tests.transactions import own_transaction

# Fixtures that are the same for every cell, or made anew for each.
SHARED = frozenset({"self", "db", "world", "project", "servers"})
_GROUP = "group"
_chosen = ""


def choose(text: str) -> None:
    """Run only the cells that have this text in their name."""
    global _chosen
    _chosen = text


@dataclass(frozen=True)
class Cell:
    name: str
    values: dict[str, Any]
    group: str = ""

    def __mul__(self, other: "Cell") -> "Cell":
        name, group = (" ".join(filter(None, pair)) for pair in ((self.name, other.name), (self.group, other.group)))
        return Cell(name, self.values | other.values, group)


@dataclass
class Table:
    """A test and the axes of its cells."""

    test: Callable[..., None]
    axes: list[list[Cell]] = field(default_factory=list)
    signed_in: frozenset[str] = frozenset()

    def cells(self) -> list[Cell]:
        found = [Cell("", {})]
        for axis in self.axes:
            found = [left * right for left, right in product(found, axis)]
        return found


def cells(
    names: str | Sequence[str],
    values: Iterable[Any],
    *,
    ids: Callable[[Any], object] | Sequence[str] | None = None,
    by: Callable[[Any], object] | None = None,
    signed_in: Iterable[str] = (),
) -> Callable[[Any], Any]:
    axis = list(_axis(names, list(values), ids, by))
    if not axis:
        raise ValueError(f"There is no cell for {names}: the test would pass without asserting anything")

    def decorate(target: Any) -> Any:
        if not isinstance(target, type):
            return _test_of(target, axis, frozenset(signed_in))
        for name, member in list(vars(target).items()):
            if name.startswith("test_"):
                setattr(target, name, _test_of(member, axis, frozenset(signed_in)))
        return target

    return decorate


def _axis(names: str | Sequence[str], values: list[Any], ids: Any, by: Any) -> Iterator[Cell]:
    keys = [each.strip() for each in names.split(",")] if isinstance(names, str) else list(names)
    for number, value in enumerate(values):
        if isinstance(value, type(pytest.param())):
            yield Cell(str(value.id), dict(zip(keys, value.values, strict=True)))
            continue
        fields = dict(zip(keys, [value] if len(keys) == 1 else value, strict=True))
        if ids is None:
            name = " ".join(map(_name_of, fields.values()))
        else:
            name = str(ids(value) if callable(ids) else ids[number])
        yield Cell(name, fields, str(by(value)) if by else "")


def _name_of(value: Any) -> str:
    return getattr(value, "__name__", None) or str(value) or "empty"


def _test_of(test: Any, axis: list[Cell], signed_in: frozenset[str]) -> Any:
    """A test that pytest collects once, or once a group, with the cells' names taken out of its fixtures."""
    table = getattr(test, "table", None) or Table(test)
    table = Table(table.test, [axis, *table.axes], table.signed_in | signed_in)
    names = set().union(*(cell.values for axis in table.axes for cell in axis))
    parameters = [each for each in inspect.signature(table.test).parameters.values() if each.name not in names]
    groups = list(dict.fromkeys(cell.group for cell in table.cells()))

    def run(*own: Any, **fixtures: Any) -> None:
        for name in table.signed_in:
            assert getattr(fixtures["world"], name).session
        _run_all(partial(table.test, *own), table.cells(), fixtures)

    run.__name__, run.__qualname__, run.__doc__ = test.__name__, test.__qualname__, test.__doc__
    run.__module__, run.table = test.__module__, table  # type: ignore[attr-defined]
    run.pytestmark = [mark for mark in getattr(test, "pytestmark", []) if _GROUP not in mark.args]  # type: ignore[attr-defined]
    if groups != [""]:
        parameters.append(inspect.Parameter(_GROUP, inspect.Parameter.POSITIONAL_OR_KEYWORD))
        pytest.mark.parametrize(_GROUP, groups)(run)
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _run_all(test: Callable[..., None], cells: list[Cell], fixtures: dict[str, Any]) -> None:
    if kept := fixtures.keys() - SHARED - {_GROUP}:
        raise TypeError(f"All cells would share {', '.join(kept)}; use pytest.mark.parametrize")
    group = fixtures.pop(_GROUP, "")
    cells = [cell for cell in cells if cell.group == group and _chosen in cell.name]
    failures = []
    for cell in cells:
        try:
            with _isolated(fixtures) as fresh:
                test(**fresh, **cell.values)
        except (Exception, pytest.fail.Exception) as error:
            error.add_note(f"in the cell: {cell.name}")
            failures.append(error)
    if failures:
        names = ", ".join(note for error in failures for note in error.__notes__[-1:])
        raise BaseExceptionGroup(f"{len(failures)} of {len(cells)} cells failed, {names}", failures)


@contextmanager
def _isolated(fixtures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a cell writes is gone after it; `world` is as it was before the first cell."""
    if not {"db", "world"} & fixtures.keys():
        yield fixtures
        return
    with own_transaction():
        yield fixtures | ({"world": fixtures["world"].copy()} if "world" in fixtures else {})
        connection.check_constraints()
        transaction.set_rollback(True)
