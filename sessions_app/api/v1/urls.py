from django.urls import path

from sessions_app.api.v1.views.auth import AuthViewSet
from sessions_app.api.v1.views.dashboard import DashboardViewSet
from sessions_app.api.v1.views.mine import MeViewSet, MySessionViewSet
from sessions_app.api.v1.views.revocations import RevocationViewSet
from sessions_app.api.v1.views.sessions import AdminSessionViewSet
from sessions_app.api.v1.views.tenant_sessions import TenantSessionsViewSet, TenantSessionViewSet, UserSessionsViewSet
from sessions_app.api.v1.views.tokens import TokenViewSet

OF_TENANT = "tenants/<str:tenant_id>/sessions"

urlpatterns = [
    path("auth/login", AuthViewSet.as_view({"post": "login"})),
    path("auth/tenants/<slug:slug>/login", AuthViewSet.as_view({"post": "login_to_tenant"})),
    path("auth/refresh", AuthViewSet.as_view({"post": "refresh"})),
    path("auth/logout", AuthViewSet.as_view({"post": "logout"})),
    path("platform/oauth/token", TokenViewSet.as_view({"post": "issue"})),
    path("admin/sessions", AdminSessionViewSet.as_view({"get": "list"})),
    path("admin/sessions/revoke-all", AdminSessionViewSet.as_view({"post": "revoke_all"})),
    path("admin/sessions/stats", AdminSessionViewSet.as_view({"get": "stats"})),
    path("admin/sessions/<str:session_id>", AdminSessionViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("admin/sessions/<str:session_id>/revoke", AdminSessionViewSet.as_view({"post": "revoke"})),
    path("admin/dashboard/stats", DashboardViewSet.as_view({"get": "stats"})),
    path("admin/dashboard/activity", DashboardViewSet.as_view({"get": "activity"})),
    path("admin/revocations", RevocationViewSet.as_view({"get": "list"})),
    path("admin/revocations/<str:revocation_id>", RevocationViewSet.as_view({"get": "retrieve"})),
    path("me", MeViewSet.as_view({"get": "retrieve"})),
    path("me/sessions", MySessionViewSet.as_view({"get": "list"})),
    path("me/sessions/revoke-all", MySessionViewSet.as_view({"post": "revoke_others"})),
    path("me/sessions/<str:session_id>", MySessionViewSet.as_view({"delete": "destroy"})),
    path(OF_TENANT, TenantSessionsViewSet.as_view({"get": "list"})),
    path(f"{OF_TENANT}/revoke-all", TenantSessionsViewSet.as_view({"post": "revoke_all"})),
    path(f"{OF_TENANT}/stats", TenantSessionsViewSet.as_view({"get": "stats"})),
    path(f"{OF_TENANT}/users/<str:user_id>", UserSessionsViewSet.as_view({"get": "list"})),
    path(f"{OF_TENANT}/users/<str:user_id>/revoke", UserSessionsViewSet.as_view({"post": "revoke"})),
    path(f"{OF_TENANT}/<str:session_id>", TenantSessionViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
]
