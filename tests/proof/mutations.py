"""Plant a mistake in the running product by changing its source text, for the proofs to find."""

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def mutated(function: Callable[..., Any], right: str, wrong: str) -> Iterator[None]:
    """Replace `right` by `wrong` in the source of `function`, in every module that imported it."""
    original = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(original))
    assert source.count(right) == 1, f"{original.__qualname__} does not contain {right!r} once"
    namespace: dict[str, Any] = {}
    exec(compile(source.replace(right, wrong), inspect.getfile(original), "exec"), original.__globals__, namespace)
    with ExitStack() as stack:
        for target in _targets_of(function):
            stack.enter_context(patch.object(target, original.__name__, namespace[original.__name__]))
        yield


def _targets_of(function: Callable[..., Any]) -> list[Any]:
    """Return its class, or every module of the product that imported it."""
    original = inspect.unwrap(function)
    owner, _, name = original.__qualname__.rpartition(".")
    if owner:
        return [getattr(sys.modules[original.__module__], owner)]
    modules = (module for path, module in list(sys.modules.items()) if path.split(".")[0] in PACKAGES)
    return [module for module in modules if vars(module).get(name) is function]


PACKAGES = {"accounts", "sessions_app", "tenancy"}
