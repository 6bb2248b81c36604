"""A Django view that checks nothing: what serving a request costs before anybody is asked who they are."""

from django.http import HttpRequest, JsonResponse
from django.urls import path


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": None})


urlpatterns = [path("check", hello)]
