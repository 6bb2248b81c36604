"""View sets of the product's tables as a tutorial writes them: a model serializer and numbered pages."""

from typing import Any

from django.db.models import BinaryField
from django.utils import timezone
from rest_framework import serializers, viewsets
from rest_framework.routers import DefaultRouter

from accounts.models import Agent, ApiKey, Application, Group, IdentityProvider, User
from audit.models import AuditEntry
from sessions_app.models import Revocation, Session
from tenancy.models import Partner, Tenant


class SessionSerializer(serializers.ModelSerializer):
    user_email = serializers.EmailField(source="user.email", read_only=True)
    tenant_name = serializers.CharField(source="tenant.name", read_only=True)
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = [
            "id",
            "user_id",
            "user_email",
            "tenant_id",
            "tenant_name",
            "ip_address",
            "user_agent",
            "browser",
            "os",
            "device_type",
            "location",
            "auth_method",
            "is_current",
            "created_at",
            "last_activity_at",
            "expires_at",
        ]

    def get_is_current(self, session: Session) -> bool:
        return False


class SessionViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = SessionSerializer

    def get_queryset(self):
        live = Session.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
        return self.scoped(live).select_related("user", "tenant").order_by("-id")

    def scoped(self, live):
        return live.filter(tenant=self.request.user.tenant_id)


class MySessionViewSet(SessionViewSet):
    def scoped(self, live):
        return live.filter(user=self.request.user)


class AdministratorsViewSet(SessionViewSet):
    def scoped(self, live):
        return live.exclude(role="user")


def view_set_of(of_model: Any, scope: str = "tenant_id") -> type[viewsets.ReadOnlyModelViewSet]:
    """Return a view set of all columns but the secret ones.

    `scope` is the column that limits the rows to the caller's own; without it, the caller sees all rows.
    """
    columns = of_model._meta.concrete_fields
    names = [each.name for each in columns if each.name != "password" and not isinstance(each, BinaryField)]
    not_deleted = {"deleted_at": None} if "deleted_at" in names else {}

    class Serializer(serializers.ModelSerializer):
        class Meta:
            model = of_model
            fields = names

    class ViewSet(viewsets.ReadOnlyModelViewSet):
        serializer_class = Serializer

        def get_queryset(self):
            own = {"user": self.request.user.pk, "tenant_id": self.request.user.tenant_id}
            return of_model.objects.filter(**not_deleted, **({scope: own[scope]} if scope else {})).order_by("-id")

    return ViewSet


router = DefaultRouter()
for name, view_set in {
    "sessions": SessionViewSet,
    "my-sessions": MySessionViewSet,
    "administrators": AdministratorsViewSet,
    "users": view_set_of(User),
    "applications": view_set_of(Application),
    "agents": view_set_of(Agent),
    "groups": view_set_of(Group),
    "identity-providers": view_set_of(IdentityProvider),
    "audit": view_set_of(AuditEntry),
    "revocations": view_set_of(Revocation),
    "api-keys": view_set_of(ApiKey, "user"),
    "partners": view_set_of(Partner, ""),
    "tenants": view_set_of(Tenant, ""),
}.items():
    router.register(name, view_set, basename=name)
urlpatterns = router.urls
