"""A Django view without authentication: the least that serving a request can cost."""

from django.http import HttpRequest, JsonResponse
from django.urls import path


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": None})


urlpatterns = [path("check", hello)]
