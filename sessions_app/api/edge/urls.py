from django.urls import path

from sessions_app.api.edge.views import (
    ApiSessionViewSet,
    AuthenticateViewSet,
    CurrentApiSessionViewSet,
    VersionViewSet,
)

urlpatterns = [
    path("", VersionViewSet.as_view({"get": "show_root"})),
    path("version", VersionViewSet.as_view({"get": "show"})),
    path("authenticate", AuthenticateViewSet.as_view({"post": "authenticate"})),
    path("current-api-session", CurrentApiSessionViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("api-sessions", ApiSessionViewSet.as_view({"get": "list"})),
    path("api-sessions/<str:session_id>", ApiSessionViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
]
