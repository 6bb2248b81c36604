"""Every route of the URLconf, for the permission matrix and the architecture tests."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from config.docs import DIALECTS

# What is not a v1 view set: what it is, and the methods it declares.
PLAIN_VIEWS = {"/healthz": ("GET",), "/readyz": ("GET",), "/reset-password": ("GET", "POST")}
DOCS = dict.fromkeys(("/openapi.json", "/docs", "/redoc"), ("GET",)) | {
    path: ("GET",) for name in DIALECTS for path in (f"/openapi/{name}.json", f"/docs/{name}")
}

# One's own account, in a browser: what test_account_page.py speaks of.
PAGES = {
    "/": ("GET",),
    "/account/sign-in/": ("GET", "POST"),
    "/account/sign-out/": ("POST",),
    "/account/sessions/": ("GET",),
    "/account/sessions/end-others/": ("POST",),
    "/account/sessions/<str:session_id>/end/": ("POST",),
    "/account/password/": ("GET", "POST"),
}
CONSOLE = "/console/"  # what tests/console speaks of
ELSEWHERE = ("/api/account/", "/api/admin/", "/api/cron/", "/edge/", "/version")  # the other dialects' places


@dataclass(frozen=True)
class Route:
    path: str
    view: Callable[..., Any]

    @property
    def actions(self) -> dict[str, str]:
        """The view set's action for each method. HEAD is GET's shadow, and declared with it."""
        declared = getattr(self.view, "actions", None) or {}
        return {method.upper(): action for method, action in declared.items() if method != "head"}

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(self.actions) or (PLAIN_VIEWS | DOCS | PAGES)[self.path]


def routes() -> Iterator[Route]:
    return (route for route in _below("/", get_resolver()) if not route.path.startswith((*ELSEWHERE, CONSOLE)))


def routes_of_dialects() -> Iterator[Route]:
    return (route for route in _below("/", get_resolver()) if route.path.startswith(ELSEWHERE))


def routes_of_the_console() -> Iterator[Route]:
    return (route for route in _below("/", get_resolver()) if route.path.startswith(CONSOLE))


def same_place(path: str) -> str:
    """A path whatever its parameters are called: `/x/<str:key_id>` and `/x/{id}` are one place."""
    return re.sub(r"<[^>]*>|\{[^}]*\}", "{}", path)


def _below(start: str, resolver: URLResolver) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = f"{start}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield Route(path, pattern.callback)
        else:
            yield from _below(path, pattern)
