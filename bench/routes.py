"""Every route of the product that may answer GET, as the URL configuration has it."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

PRODUCT = "config.urls"


def gettable() -> list[str]:
    """Their patterns. A view that does not declare its methods might answer GET, and so it is listed."""
    return [route for route, view in below("/", get_resolver(PRODUCT)) if may_answer_get(view)]


def below(start: str, resolver: URLResolver) -> Iterator[tuple[str, object]]:
    for pattern in resolver.url_patterns:
        route = f"{start}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from below(route, pattern)


def may_answer_get(view: object) -> bool:
    actions = getattr(view, "actions", None)
    return actions is None or "get" in actions
