"""A view such as the admin resources will have, to see what a scope opens."""

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import Tier
from core.api.v1 import V1ViewSet


class ThingViewSet(V1ViewSet):
    reads = {"list": Tier.TENANT}
    writes = {"create": Tier.TENANT, "destroy": Tier.SUPER}

    def list(self, request: Request) -> Response:
        return self.answer([])

    def create(self, request: Request) -> Response:
        return self.answer({})

    def destroy(self, request: Request) -> Response:
        return self.no_content()


urlpatterns = [
    path("", include("config.urls")),
    path("api/v1/admin/things", ThingViewSet.as_view({"get": "list", "post": "create", "delete": "destroy"})),
]
