"""A list of sessions as the tutorials write it: viewset, model serializer, numbered pages."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import mixins, serializers, viewsets
from rest_framework.authtoken.models import Token
from rest_framework.routers import DefaultRouter

from bench.peers.urls import urlpatterns as common
from bench.peers.viewset.models import DeviceSession


class DeviceSessionSerializer(serializers.ModelSerializer):
    user_email = serializers.EmailField(source="user.email", read_only=True)
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = DeviceSession
        fields = [
            "id",
            "user_id",
            "user_email",
            "ip_address",
            "user_agent",
            "device_type",
            "is_current",
            "created_at",
            "last_activity_at",
            "expires_at",
        ]

    def get_is_current(self, session: DeviceSession) -> bool:
        return False


class DeviceSessionViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    serializer_class = DeviceSessionSerializer

    def get_queryset(self):
        live = DeviceSession.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
        return live.select_related("user").order_by("-id")


def sign_in(user: User) -> str:
    DeviceSession.objects.bulk_create(
        DeviceSession(
            user=user,
            ip_address=f"192.0.2.{number % 250}",
            user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
            device_type="desktop",
            expires_at=timezone.now() + timedelta(days=30),
        )
        for number in range(50)
    )
    return f"Authorization: Token {Token.objects.create(user=user).key}"


router = DefaultRouter()
router.register("sessions", DeviceSessionViewSet, basename="sessions")
urlpatterns = [*common, *router.urls]
