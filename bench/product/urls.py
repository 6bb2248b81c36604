"""The session check alone, in a DRF view and in a plain view; and the product's own routes."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import Tier
from core.api.middleware import ORIGIN
from core.api.v1 import V1ViewSet
from sessions_app.api.authentication import principal_of


class WhoAmIViewSet(V1ViewSet):
    reads = {"retrieve": Tier.USER}

    def retrieve(self, request: Request) -> Response:
        return Response({"user": self.principal.id})


def who_am_i(request: HttpRequest) -> HttpResponse:
    _, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    principal = principal_of(token, request.META[ORIGIN])
    return JsonResponse({"user": principal.id}) if principal else HttpResponse(status=401)


urlpatterns = [
    path("check", WhoAmIViewSet.as_view({"get": "retrieve"})),
    path("check/plain", who_am_i),
    path("", include("config.urls")),
]
