"""Where else clients look for the version: beside the management API, and where it says that APIs begin."""

from django.urls import path

from sessions_app.api.edge.views import VersionViewSet

_version = VersionViewSet.as_view({"get": "show"}, schema=None)

urlpatterns = [
    path("version", _version),
    path("edge/management/v1", _version),
    path("edge/client/v1", _version),
    path("edge/client/v1/", _version),
    path("edge/client/v1/version", _version),
]
