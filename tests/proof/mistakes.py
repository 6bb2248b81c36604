"""Builds of the product with one mistake each, for the proofs to find: a few words of its source, changed."""

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def mistaken(function: Callable[..., Any], right: str, wrong: str) -> Iterator[None]:
    """While this lasts, `function` says `wrong` where it says `right`, for everybody who knows it by name."""
    plain = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(plain))
    assert source.count(right) == 1, f"{plain.__qualname__} does not say {right!r}"
    made: dict[str, Any] = {}
    exec(compile(source.replace(right, wrong), inspect.getfile(plain), "exec"), plain.__globals__, made)
    with ExitStack() as stack:
        for place in _places_of(function):
            stack.enter_context(patch.object(place, plain.__name__, made[plain.__name__]))
        yield


def _places_of(function: Callable[..., Any]) -> list[Any]:
    """Its class, or every module of the product that it was imported into."""
    plain = inspect.unwrap(function)
    owner, _, name = plain.__qualname__.rpartition(".")
    if owner:
        return [getattr(sys.modules[plain.__module__], owner)]
    ours = (module for path, module in list(sys.modules.items()) if path.split(".")[0] in PACKAGES)
    return [module for module in ours if vars(module).get(name) is function]


PACKAGES = {"accounts", "sessions_app", "tenancy"}
