"""A Django view that checks nothing: what serving a request costs before anybody is asked who they are."""

from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse
from django.urls import path


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": None})


def sign_in(user: User) -> str:
    return ""


urlpatterns = [path("check", hello)]
