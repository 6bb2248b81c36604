"""Applications and agents: what signs in with a secret of its own."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from accounts.api.v1 import filters, wire
from accounts.api.v1.serializers import clients as serializers
from accounts.models import Agent, Application
from audit.api.idempotency import IdempotentViewSet
from core.access import Tier
from core.api.resources import ResourceViewSet
from core.api.schema import enveloped, refused
from core.models import EntityQuerySet
from tenancy.operations import delete

BASE = ("id", "created_at", "updated_at", "name", "status", "client_id", "allowed_scopes", "tenant_id")


class ClientViewSet(IdempotentViewSet, ResourceViewSet):
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = dict.fromkeys(("create", "update", "destroy", "rotate_secret"), Tier.TENANT)
    repeatable = frozenset({"create", "rotate_secret"})
    errors = wire.CLIENT_ERRORS

    def perform_destroy(self, instance: Any) -> int:
        return delete(instance, actor=self.principal, versions=self.versions)

    def rotate_secret(self, request: Request, resource_id: str) -> Response:
        client = self.get_object()
        secret = operations.rotate_secret(client, actor=self.principal, versions=self.versions)
        return self.detail_response(client.pk, client_secret=secret)


class ApplicationViewSet(ClientViewSet):
    tag = "Applications"
    resource_name, model = "application", Application
    notes = {
        "create": "`WEB` and `SERVICE` applications get a client secret, which is shown only in this response.",
        "update": "Suspending it revokes the sessions that were started for it; `Sessions-Ended` counts them.",
        "destroy": "The sessions that were started for it are revoked; `Sessions-Ended` counts them.",
    }
    columns = (
        *BASE,
        "application_type",
        "scope",
        "partner_id",
        "redirect_uris",
        "allowed_origins",
        "backchannel_logout_uri",
        "token_lifetime",
        "token_exchange_allowed",
    )
    serializer_class, created_serializer_class = serializers.Application, serializers.ApplicationWithSecret
    create_serializer_class, update_serializer_class = serializers.NewApplication, serializers.ApplicationChange
    filterset_class = filters.ApplicationFilters
    missing = "Application not found"

    def get_queryset(self) -> EntityQuerySet[Application]:
        """What is under a deleted partner or tenant is gone with it."""
        housed = Q(tenant=None) | Q(tenant__deleted_at=None, tenant__partner__deleted_at=None)
        offered = Q(partner=None) | Q(partner__deleted_at=None)
        return (
            Application.objects.visible_to(self.principal)
            .not_deleted()
            .filter(housed, offered)
            .select_related("tenant")
        )

    @extend_schema(
        operation_id="rotate_application_secret",
        request=None,
        responses={200: enveloped(serializers.ApplicationWithSecret), 409: refused("A public client has no secret.")},
    )
    def rotate_secret(self, request: Request, resource_id: str) -> Response:
        """Rotate an application's client secret. The new secret is shown only in this response; the old one, and every
        token issued with it, are refused from now on. Public clients have no secret."""
        return super().rotate_secret(request, resource_id)


class AgentViewSet(ClientViewSet):
    tag = "Agents"
    resource_name, model = "agent", Agent
    notes = {
        "create": "The client secret is shown only in this response.",
        "update": "A suspended agent's tokens are refused from its next request on.",
        "destroy": "Its client secret and its tokens are refused from its next request on.",
    }
    columns = (*BASE, "owner_user_id", "agent_type", "allowed_tools", "rate_limit_rpm")
    serializer_class, created_serializer_class = serializers.Agent, serializers.AgentWithSecret
    create_serializer_class, update_serializer_class = serializers.NewAgent, serializers.AgentChange
    filterset_class = filters.AgentFilters
    missing = "Agent not found"

    def get_queryset(self) -> EntityQuerySet[Agent]:
        return Agent.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    @extend_schema(
        operation_id="rotate_agent_secret", request=None, responses={200: enveloped(serializers.AgentWithSecret)}
    )
    def rotate_secret(self, request: Request, resource_id: str) -> Response:
        """Rotate an agent's client secret. The new secret is shown only in this response; the old one, and every token
        issued with it, are refused from now on."""
        return super().rotate_secret(request, resource_id)
