from django.urls import path

from sessions_app.api.v1.views import AuthViewSet, MeViewSet, MySessionViewSet

urlpatterns = [
    path("auth/login", AuthViewSet.as_view({"post": "login"})),
    path("auth/tenants/<slug:slug>/login", AuthViewSet.as_view({"post": "login_to_tenant"})),
    path("auth/refresh", AuthViewSet.as_view({"post": "refresh"})),
    path("auth/logout", AuthViewSet.as_view({"post": "logout"})),
    path("me", MeViewSet.as_view({"get": "retrieve"})),
    path("me/sessions", MySessionViewSet.as_view({"get": "list"})),
    path("me/sessions/revoke-all", MySessionViewSet.as_view({"post": "revoke_others"})),
    path("me/sessions/<str:session_id>", MySessionViewSet.as_view({"delete": "destroy"})),
]
