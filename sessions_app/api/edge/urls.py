from django.urls import path

from sessions_app.api.edge import views

urlpatterns = [
    path("", views.VersionViewSet.as_view({"get": "show_root"})),
    path("version", views.VersionViewSet.as_view({"get": "show"})),
    path("specs", views.SpecViewSet.as_view({"get": "list"})),
    path("specs/<str:spec_id>", views.SpecViewSet.as_view({"get": "retrieve"})),
    path("summary", views.SummaryViewSet.as_view({"get": "show"})),
    path("authenticate", views.AuthenticateViewSet.as_view({"post": "authenticate"})),
    path("current-api-session", views.CurrentApiSessionViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("current-identity", views.CurrentIdentityViewSet.as_view({"get": "retrieve"})),
    path("api-sessions", views.ApiSessionViewSet.as_view({"get": "list"})),
    path("api-sessions/<str:session_id>", views.ApiSessionViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("identities", views.IdentityViewSet.as_view({"get": "list"})),
    path("identities/<str:identity_id>", views.IdentityViewSet.as_view({"get": "retrieve"})),
]

# Where else clients look for the version: at the root, at the management API without its slash, at the client API.
_version = views.VersionViewSet.as_view({"get": "show"}, schema=None)
versions = [
    path("version", _version),
    path("edge/management/v1", _version),
    path("edge/client/v1", _version),
    path("edge/client/v1/", _version),
    path("edge/client/v1/version", _version),
]
