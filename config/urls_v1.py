"""URLs of the v1 API, by app."""

from django.urls import include, path

urlpatterns = [
    path("", include("sessions_app.api.v1.urls")),
    path("", include("accounts.api.v1.urls")),
    path("", include("tenancy.api.v1.urls")),
    path("", include("audit.api.v1.urls")),
]
