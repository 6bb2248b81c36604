"""The view that every peer serves: it returns the caller's id. Only the authentication differs."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class WhoAmI(APIView):
    def get(self, request: Request) -> Response:
        return Response({"user": request.user.pk})


urlpatterns = [path("check", WhoAmI.as_view())]
