from django.urls import path

from sessions_app.api.admin_tokens.views import AdminTokenViewSet, CronViewSet

urlpatterns = [
    path("admin/tokens/sessions", AdminTokenViewSet.as_view({"get": "list"})),
    path("admin/tokens/sessions/<str:jti>", AdminTokenViewSet.as_view({"delete": "destroy"})),
    path("admin/tokens/revoke", AdminTokenViewSet.as_view({"post": "revoke_all"})),
    path("cron/cleanup-admin-sessions", CronViewSet.as_view({"get": "clean_up"})),
]
