from django.urls import path

from sessions_app.api.panel.views import AccountSessionViewSet

urlpatterns = [
    path("sessions", AccountSessionViewSet.as_view({"get": "list", "delete": "destroy_all"})),
    path("sessions/count", AccountSessionViewSet.as_view({"get": "count"})),
    # A DELETE without a token is a client's mistake, and must not revoke all sessions.
    path("sessions/", AccountSessionViewSet.as_view({"delete": "destroy"}, schema=None), {"token": ""}),
    path("sessions/<str:token>", AccountSessionViewSet.as_view({"delete": "destroy"})),
]
