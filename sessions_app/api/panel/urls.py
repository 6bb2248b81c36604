from django.urls import path

from sessions_app.api.panel.views import AccountSessionViewSet

urlpatterns = [
    path("sessions", AccountSessionViewSet.as_view({"get": "list", "delete": "destroy_all"})),
    path("sessions/count", AccountSessionViewSet.as_view({"get": "count"})),
    # Nothing stands behind the slash: whoever deletes that has left the token out, and means no other sessions.
    path("sessions/", AccountSessionViewSet.as_view({"delete": "destroy"}, schema=None), {"token": ""}),
    path("sessions/<str:token>", AccountSessionViewSet.as_view({"delete": "destroy"})),
]
