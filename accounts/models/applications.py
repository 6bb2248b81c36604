from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models.clients import Client, ClientQuerySet
from core import public_urls
from core.access import Principal, Tier
from core.addresses import MAX_LENGTH
from core.ids import Prefix
from core.models import Status, is_active, one_of
from tenancy.models import Partner, Tenant, tenant_is_active


class ApplicationQuerySet(ClientQuerySet["Application"]):
    def visible_to(self, principal: Principal) -> Self:
        """Return the applications of the principal's tenant or partner, and global ones."""
        match principal.tier:
            case Tier.SUPER:
                return self.all()
            case Tier.PARTNER if principal.partner_id is not None:
                own = Q(partner=principal.partner_id) | Q(tenant__partner=principal.partner_id)
            case Tier.TENANT if principal.tenant_id is not None:
                own = Q(partner__tenants=principal.tenant_id) | Q(tenant=principal.tenant_id)
            case _:
                return self.none()
        return self.filter(own | Q(scope=Application.Scope.GLOBAL))

    def offered_to(self, tenant: Tenant) -> Self:
        """Return the applications that users of a tenant may sign in to. Services sign in by themselves."""
        offered = (
            Q(scope=Application.Scope.GLOBAL) | Q(tenant=tenant) | Q(partner=tenant.partner_id, partner__isnull=False)
        )
        return self.filter(offered).exclude(application_type=Application.Type.SERVICE)

    def writable_by(self, principal: Principal) -> Self:
        """Return the managed applications; global ones are not changed by machines."""
        rows = self.managed_by(principal).editable_by_machine(principal)
        return rows.exclude(scope=Application.Scope.GLOBAL) if principal.is_scoped else rows

    def managed_by(self, principal: Principal) -> Self:
        """Return the applications at the principal's own level or below. Those offered from above are only used."""
        rows = self.visible_to(principal)
        match principal.tier:
            case Tier.SUPER:
                return rows
            case Tier.PARTNER:
                return rows.exclude(scope=Application.Scope.GLOBAL)
            case _:
                return rows.filter(scope=Application.Scope.TENANT)


class ApplicationType(models.TextChoices):
    WEB = "WEB"
    SPA = "SPA"
    NATIVE = "NATIVE"
    SERVICE = "SERVICE"


CONFIDENTIAL = (ApplicationType.SERVICE, ApplicationType.WEB)
SHORTEST_TOKEN, LONGEST_TOKEN = 60, 86_400  # seconds


class ApplicationScope(models.TextChoices):
    GLOBAL = "GLOBAL"
    PARTNER = "PARTNER"
    TENANT = "TENANT"


class Application(Client):
    prefix = Prefix.APPLICATION
    client_id_prefix = "client-"
    Scope = ApplicationScope
    Type = ApplicationType

    name = models.CharField(max_length=200)
    application_type = models.CharField(max_length=16, choices=Type.choices)
    scope = models.CharField(max_length=16, choices=Scope.choices)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="applications")
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="applications")
    redirect_uris = ArrayField(models.CharField(max_length=MAX_LENGTH), default=list, blank=True)
    allowed_origins = ArrayField(models.CharField(max_length=MAX_LENGTH), default=list, blank=True)
    backchannel_logout_uri = models.CharField(max_length=public_urls.MAX_LENGTH, blank=True)
    token_lifetime = models.PositiveIntegerField(default=3600)
    token_exchange_allowed = models.BooleanField(default=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="GLOBAL", partner=None, tenant=None)
                | Q(scope="PARTNER", partner__isnull=False, tenant=None)
                | Q(scope="TENANT", partner=None, tenant__isnull=False),
                name="application_belongs_to_its_scope",
            ),
            models.CheckConstraint(
                condition=~Q(client_id__startswith="usr_"), name="application_is_not_named_like_a_user"
            ),
            models.CheckConstraint(
                condition=~Q(client_id__startswith="agent-"), name="application_is_not_named_like_an_agent"
            ),
            models.CheckConstraint(
                condition=Q(token_lifetime__gte=SHORTEST_TOKEN, token_lifetime__lte=LONGEST_TOKEN),
                name="application_tokens_last_a_while",
            ),
            one_of("application_type", ApplicationType, "application_type_is_known"),
            one_of("status", Status, "application_status_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_confidential(self) -> bool:
        """Return whether it can keep a secret, because it runs on a server."""
        return self.application_type in CONFIDENTIAL

    def is_offered_to(self, tenant_id: UUID | None, partner_id: UUID | None) -> bool:
        """Return whether users of a tenant may use it: it is global, their partner's or their tenant's."""
        match self.scope:
            case Application.Scope.PARTNER:
                return self.partner_id == partner_id
            case Application.Scope.TENANT:
                return self.tenant_id == tenant_id
            case _:
                return True


def application_is_active(path: str) -> Q:
    """Match if the application at `path` and its tenant or partner, if it has one, are active and not deleted."""
    return (
        is_active(path)
        & (Q(**{f"{path}partner": None}) | is_active(f"{path}partner__"))
        & (Q(**{f"{path}tenant": None}) | tenant_is_active(f"{path}tenant__"))
    )
