from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.visitor import PATIENCE, Visitor, visiting
from tests.servers import Servers

Visit = Callable[..., Visitor]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, chromium.running() as running:
        # Playwright keeps an event loop going in this thread, in which Django would refuse to ask the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        expect.set_options(timeout=PATIENCE)
        yield running


@pytest.fixture
def visit(browser: Browser, servers: Servers) -> Iterator[Visit]:
    """Opens browsers, each with cookies of its own, and fails the test for whatever any of them saw go wrong."""
    with ExitStack() as stack:

        def visit(**more: Any) -> Visitor:
            return stack.enter_context(visiting(browser, servers.urls[0], **more))

        yield visit
