from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.access import Principal, Tier
from core.ids import Prefix
from core.records import Entity, EntityQuerySet, Status, is_up, one_of
from tenancy.models import Partner, Tenant, tenant_is_up


class ApplicationQuerySet(EntityQuerySet["Application"]):
    def visible_to(self, principal: Principal) -> Self:
        """Its own tenant's, what its partner offers, and what the platform offers to all."""
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
        """What people of a tenant may sign in to: a service signs in by itself."""
        theirs = (
            Q(scope=Application.Scope.GLOBAL) | Q(tenant=tenant) | Q(partner=tenant.partner_id, partner__isnull=False)
        )
        return self.filter(theirs).exclude(application_type=Application.Type.SERVICE)

    def writable_by(self, principal: Principal) -> Self:
        """What is offered from above is there to be used, not to be changed."""
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


class ApplicationScope(models.TextChoices):
    GLOBAL = "GLOBAL"
    PARTNER = "PARTNER"
    TENANT = "TENANT"


class Application(Entity):
    prefix = Prefix.APPLICATION
    Scope = ApplicationScope
    Type = ApplicationType

    name = models.CharField(max_length=200)
    application_type = models.CharField(max_length=16, choices=Type.choices)
    scope = models.CharField(max_length=16, choices=Scope.choices)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="applications")
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="applications")
    client_id = models.CharField(max_length=128, unique=True)
    secret_digest = models.BinaryField(max_length=32, null=True)
    allowed_scopes = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    token_lifetime = models.PositiveIntegerField(default=3600)

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
            one_of("application_type", ApplicationType, "application_type_is_known"),
            one_of("status", Status, "application_status_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


def application_is_up(path: str) -> Q:
    """The application at `path` and whatever it belongs to are active and not deleted."""
    return (
        is_up(path)
        & (Q(**{f"{path}partner": None}) | is_up(f"{path}partner__"))
        & (Q(**{f"{path}tenant": None}) | tenant_is_up(f"{path}tenant__"))
    )
