from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.api.v1.views.platform import JwksViewSet
from config import docs, health, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("reset-password", pages.reset_password),
    path(".well-known/jwks.json", JwksViewSet.as_view({"get": "show"}, schema=None)),
    path("api/v1/", include("config.urls_v1")),
    path("edge/management/v1/", include("sessions_app.api.edge.urls")),
]
if settings.API_DOCS:
    urlpatterns += [
        path("openapi.json", docs.SchemaView.as_view(), name="openapi"),
        path("docs", docs.SwaggerView.as_view(url_name="openapi")),
        path("redoc", docs.RedocView.as_view(url_name="openapi")),
    ]

handler400 = "core.dialect.bad_request"
handler403 = "core.dialect.forbidden"
handler404 = "core.dialect.not_found"
handler500 = "core.dialect.server_error"
