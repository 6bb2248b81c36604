"""Each dialect's schema and its pages. All that they show comes from this machine, and the policy makes sure of it."""

from functools import cache
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response

from config import introductions
from core.api.schema_components import COMPONENTS

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " worker-src blob:; frame-ancestors 'none'"
)


class Dialect(SchemaGenerator):
    """One of the HTTP APIs: its path prefix, its URLs and its schema."""

    start: ClassVar[str]
    urls: ClassVar[str]
    info: ClassVar[dict[str, str]]
    components: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "patterns": [self.route()]})

    @classmethod
    def route(cls) -> URLResolver:
        return path(cls.start, include(cls.urls))

    @classmethod
    @cache
    def document(cls) -> bytes:
        """The schema as it is served: nothing in it depends on the request, so each process generates it once."""
        return OpenApiJsonRenderer().render(cls().get_schema(public=True))

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        schema = super().get_schema(*args, **kwargs)
        schema["info"] |= self.info
        schema["tags"] = introductions.tags_of(schema["paths"])
        schemas = schema["components"].get("schemas", {}) | self.components
        schema["components"]["schemas"] = dict(sorted(schemas.items()))
        return schema


class V1(Dialect):
    start, urls = "api/v1/", "config.urls_v1"
    info = {"title": "Curfew API v1", "description": introductions.V1}
    components = COMPONENTS


class Panel(Dialect):
    start, urls = "api/account/", "sessions_app.api.panel.urls"
    info = {"title": "Curfew account sessions", "description": introductions.PANEL}


class AdminTokens(Dialect):
    start, urls = "api/", "sessions_app.api.admin_tokens.urls"
    info = {"title": "Curfew admin tokens", "description": introductions.ADMIN_TOKENS}


class Edge(Dialect):
    start, urls = "edge/management/v1/", "sessions_app.api.edge.urls"
    info = {"title": "Curfew as an edge controller", "description": introductions.EDGE}


DIALECTS: dict[str, type[Dialect]] = {"admin_tokens": AdminTokens, "edge": Edge, "panel": Panel, "v1": V1}


def __getattr__(name: str) -> type[Dialect]:
    """By its name, for `manage.py spectacular --generator-class`."""
    if name not in DIALECTS:
        raise AttributeError(name)
    return DIALECTS[name]


class SchemaView(SpectacularJSONAPIView):
    generator_class: type[Dialect]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        headers = {"Content-Disposition": f'inline; filename="{self._get_filename(request, None)}"'}
        return HttpResponse(self.generator_class.document(), request.accepted_media_type, headers=headers)


class SwaggerView(SpectacularSwaggerView):
    schema = None
    template_name = "docs/swagger.html"

    def get(self, *args: Any, **kwargs: Any) -> Response:
        return with_policy(super().get(*args, **kwargs))


class RedocView(SpectacularRedocView):
    schema = None
    template_name = "docs/redoc.html"

    def get(self, *args: Any, **kwargs: Any) -> Response:
        return with_policy(super().get(*args, **kwargs))


def with_policy(response: Response) -> Response:
    response["Content-Security-Policy"] = POLICY
    return response


def pages() -> list[URLPattern]:
    """v1's at their well-known places, and each dialect's under its name."""
    patterns = [
        path("openapi.json", SchemaView.as_view(generator_class=V1), name="openapi"),
        path("docs", SwaggerView.as_view(url_name="openapi"), name="docs"),
        path("redoc", RedocView.as_view(url_name="openapi")),
    ]
    for name, dialect in DIALECTS.items():
        title, schema = dialect.info["title"], f"openapi-{name}"
        patterns += [
            path(f"openapi/{name}.json", SchemaView.as_view(generator_class=dialect), name=schema),
            path(f"docs/{name}", SwaggerView.as_view(url_name=schema, title=title)),
        ]
    return patterns
