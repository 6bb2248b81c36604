"""The product's routes that answer GET, from its URL configuration."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

PRODUCT = "config.urls"


def routes_with_get() -> list[str]:
    """Return the pattern of each route whose view answers GET, or does not declare its methods."""
    return [route for route, view in routes_of("/", get_resolver(PRODUCT)) if may_answer_get(view)]


def routes_of(start: str, resolver: URLResolver) -> Iterator[tuple[str, object]]:
    for pattern in resolver.url_patterns:
        route = f"{start}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from routes_of(route, pattern)


def may_answer_get(view: object) -> bool:
    actions = getattr(view, "actions", None)
    return actions is None or "get" in actions
