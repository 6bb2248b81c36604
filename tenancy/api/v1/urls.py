from django.urls import path

from core.api.resources import COLLECTION, ONE
from tenancy.api.v1.views import PartnerViewSet, TenantViewSet

urlpatterns = [
    path("admin/partners", PartnerViewSet.as_view(COLLECTION)),
    path("admin/partners/<str:resource_id>", PartnerViewSet.as_view(ONE)),
    path("admin/tenants", TenantViewSet.as_view(COLLECTION)),
    path("admin/tenants/<str:resource_id>", TenantViewSet.as_view(ONE)),
]
