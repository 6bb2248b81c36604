from django.urls import path

from audit.api.v1.views import AuditViewSet

urlpatterns = [
    path("admin/audit", AuditViewSet.as_view({"get": "list"})),
    path("admin/audit/actions", AuditViewSet.as_view({"get": "actions"})),
    path("admin/audit/resource-types", AuditViewSet.as_view({"get": "resource_types"})),
    path("admin/audit/<str:entry_id>", AuditViewSet.as_view({"get": "retrieve"})),
]
