"""Applications and agents: what signs in with a secret of its own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from accounts.api.v1 import filters, wire
from accounts.api.v1.serializers import clients as serializers
from accounts.models import Agent, Application, User
from accounts.models.applications import ApplicationScope
from audit.api.idempotency import IdempotentViewSet
from core.access import Tier
from core.api.resources import ResourceViewSet
from core.api.schema import enveloped, refused
from core.api.v1 import ValidationFailed, error_item
from core.ids import Prefix, encode_id
from core.models import EntityQuerySet
from tenancy.models import Partner, Tenant
from tenancy.operations import delete

BASE = ("id", "created_at", "updated_at", "name", "status", "client_id", "allowed_scopes", "tenant_id")


class ClientViewSet(IdempotentViewSet, ResourceViewSet):
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = dict.fromkeys(("create", "update", "destroy", "rotate_secret"), Tier.TENANT)
    repeatable = frozenset({"create", "rotate_secret"})
    errors = wire.CLIENT_ERRORS

    def alter(self, thing: Any, given: dict[str, Any]) -> int:
        return operations.change_client(thing, actor=self.principal, versions=self.versions, **given)

    def remove(self, thing: Any) -> int:
        return delete(thing, actor=self.principal, versions=self.versions)

    def rotate_secret(self, request: Request, resource_id: str) -> Response:
        client = self.only(self.changeable(self.named(resource_id)))
        secret = operations.rotate_secret(client, actor=self.principal, versions=self.versions)
        return self.told(client.pk, client_secret=secret)


class ApplicationViewSet(ClientViewSet):
    tag = "Applications"
    noun, model = "application", Application
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
    shown_by, made_shown_by = serializers.Application, serializers.ApplicationWithSecret
    made_by, changed_by = serializers.NewApplication, serializers.ApplicationChange
    lists = {"list": filters.APPLICATIONS}
    missing = "Application not found"

    def things(self) -> EntityQuerySet[Application]:
        """What is under a deleted partner or tenant is gone with it."""
        housed = Q(tenant=None) | Q(tenant__deleted_at=None, tenant__partner__deleted_at=None)
        offered = Q(partner=None) | Q(partner__deleted_at=None)
        return (
            Application.objects.visible_to(self.principal)
            .not_deleted()
            .filter(housed, offered)
            .select_related("tenant")
        )

    @classmethod
    def item(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        tenant_id, partner_id = row["tenant_id"], row["partner_id"]
        return {
            **super().item(row),
            "tenant_id": encode_id(Prefix.TENANT, tenant_id) if tenant_id else None,
            "partner_id": encode_id(Prefix.PARTNER, partner_id) if partner_id else None,
        }

    def make(self, given: dict[str, Any]) -> tuple[Application, dict[str, Any]]:
        owner = self.owner(given)
        application, secret = operations.create_application(actor=self.principal, **owner, **given)
        return application, {"client_secret": secret} if secret else {}

    def owner(self, given: dict[str, Any]) -> dict[str, Any]:
        """Whose it is to be, taken out of what is given: as its scope says, and nobody's beside."""
        scope = given["scope"]
        for name, fits in (("tenant_id", ApplicationScope.TENANT), ("partner_id", ApplicationScope.PARTNER)):
            if name in given and scope != fits:
                raise ValidationFailed(
                    error_item(("body", name), f"Only with the scope {fits}", "value_error.contradiction")
                )
        match scope:
            case ApplicationScope.TENANT:
                return {"tenant": wire.tenant_of(self, given)}
            case ApplicationScope.PARTNER:
                return {"partner": self.partner(given)}
            case _:
                return {}

    def partner(self, given: dict[str, Any]) -> Partner:
        me = self.principal
        if me.tier is Tier.PARTNER:
            given.setdefault("partner_id", me.partner_id)
        partner_id = wire.needed("partner_id", given.pop("partner_id", None))
        if me.tier is Tier.SUPER or (me.tier, me.partner_id) == (Tier.PARTNER, partner_id):
            found = Partner.objects.not_deleted().filter(pk=partner_id).first()
            if found is not None:
                return found
        raise PermissionDenied

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
    noun, model = "agent", Agent
    notes = {
        "create": "The client secret is shown only in this response.",
        "update": "A suspended agent's tokens are refused from its next request on.",
        "destroy": "Its client secret and its tokens are refused from its next request on.",
    }
    columns = (*BASE, "owner_user_id", "agent_type", "allowed_tools", "rate_limit_rpm")
    shown_by, made_shown_by = serializers.Agent, serializers.AgentWithSecret
    made_by, changed_by = serializers.NewAgent, serializers.AgentChange
    lists = {"list": filters.AGENTS}
    missing = "Agent not found"

    def things(self) -> EntityQuerySet[Agent]:
        return Agent.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    @classmethod
    def item(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **super().item(row),
            "tenant_id": encode_id(Prefix.TENANT, row["tenant_id"]),
            "owner_user_id": encode_id(Prefix.USER, row["owner_user_id"]) if row["owner_user_id"] else None,
        }

    def make(self, given: dict[str, Any]) -> tuple[Agent, dict[str, Any]]:
        tenant = wire.tenant_of(self, given)
        owner = self.owner(given.pop("owner_user_id", None), tenant)
        agent, secret = operations.create_agent(actor=self.principal, tenant=tenant, owner_user=owner, **given)
        return agent, {"client_secret": secret}

    def alter(self, thing: Any, given: dict[str, Any]) -> int:
        owner_id = given.pop("owner_user_id", thing.owner_user_id)
        if owner_id != thing.owner_user_id:
            given["owner_user"] = self.owner(owner_id, thing.tenant)
        return super().alter(thing, given)

    def owner(self, user_id: UUID | None, tenant: Tenant) -> User | None:
        """Whoever answers for it: one of those whom it works among, or the caller."""
        if user_id is None:
            return None
        is_fit = Q(tenant=tenant) | Q(pk=self.principal.user_id)
        return self.target(User.objects.not_deleted().filter(is_fit), user_id)

    @extend_schema(
        operation_id="rotate_agent_secret", request=None, responses={200: enveloped(serializers.AgentWithSecret)}
    )
    def rotate_secret(self, request: Request, resource_id: str) -> Response:
        """Rotate an agent's client secret. The new secret is shown only in this response; the old one, and every token
        issued with it, are refused from now on."""
        return super().rotate_secret(request, resource_id)
