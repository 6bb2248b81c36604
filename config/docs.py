"""The schema's pages. Everything they show comes from this machine, and the policy makes sure of it."""

from typing import Any

from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerView
from rest_framework.response import Response

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " worker-src blob:; frame-ancestors 'none'"
)


class SchemaView(SpectacularJSONAPIView):
    def _get_version_parameter(self, *args: Any) -> None:
        """There is one version. Taken from the query it would go into a header, whatever it is."""


class SwaggerView(SpectacularSwaggerView):
    schema = None

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
