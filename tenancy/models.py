"""Platform > partner > tenant. Every user belongs to exactly one tenant; operators belong to staff tenants."""

from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least

from core.access import Principal, Tier
from core.ids import Prefix
from core.models import Entity, EntityQuerySet, Status, is_active, one_of

M = TypeVar("M", bound=models.Model)


class OnSessionLimit(models.TextChoices):
    """What happens at the limit of sessions: the sign-in is refused, or the oldest session is revoked."""

    DENY = "deny"
    EVICT = "evict"


def policy_constraint(name: str) -> models.CheckConstraint:
    """Require two minutes at least: activity is saved once a minute, and a shorter limit would end active sessions."""
    lifetime = Q(session_lifetime=None) | Q(session_lifetime__gte=120)
    idle = Q(idle_timeout=None) | Q(idle_timeout__gte=120)
    limit = Q(max_sessions=None) | Q(max_sessions__gte=1)
    at_limit = Q(when_full=None) | Q(when_full__in=OnSessionLimit.values)
    return models.CheckConstraint(condition=lifetime & idle & limit & at_limit, name=name)


class SessionPolicy(models.Model):
    """How long a session may last, in seconds, and how many one user may have. Null inherits from above."""

    session_lifetime = models.PositiveIntegerField(null=True)
    idle_timeout = models.PositiveIntegerField(null=True)
    max_sessions = models.PositiveIntegerField(null=True)
    when_full = models.CharField(max_length=8, choices=OnSessionLimit.choices, null=True)

    class Meta:
        abstract = True


class Platform(models.Model):
    """One row: the counter that every scope-wide revocation takes its number from, and the platform's own floors."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    revision = models.BigIntegerField(default=0)
    min_revision = models.BigIntegerField(default=0)
    admin_min_revision = models.BigIntegerField(default=0)
    floor_raised_at = models.DateTimeField(null=True)
    token_version = models.BigIntegerField(default=1)
    session_lifetime = models.PositiveIntegerField(default=30 * 24 * 3600)
    idle_timeout = models.PositiveIntegerField(default=7 * 24 * 3600)
    max_sessions = models.PositiveIntegerField(null=True)
    when_full = models.CharField(max_length=8, choices=OnSessionLimit.choices, default=OnSessionLimit.EVICT)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="platform_is_one_row"),
            policy_constraint("platform_policy_is_workable"),
        ]

    def __str__(self) -> str:
        return "the platform"


def platform(column: str) -> models.Subquery:
    """Return a column of the one row, for use inside another query."""
    return models.Subquery(Platform.objects.values(column)[:1])


class PartnerQuerySet(EntityQuerySet["Partner"]):
    def visible_to(self, principal: Principal) -> Self:
        return self.all() if principal.tier is Tier.SUPER else self.none()


class Partner(Entity, SessionPolicy):
    prefix = Prefix.PARTNER

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63)
    contact_email = models.EmailField(blank=True)
    max_tenants = models.PositiveIntegerField(null=True)
    max_users_per_tenant = models.PositiveIntegerField(null=True)
    max_applications_per_tenant = models.PositiveIntegerField(null=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug"], condition=Q(deleted_at=None), name="partner_slug_is_unique"),
            one_of("status", Status, "partner_status_is_known"),
            policy_constraint("partner_policy_is_workable"),
        ]

    def __str__(self) -> str:
        return self.name


class TenantQuerySet(EntityQuerySet["Tenant"]):
    tenant_path = "pk"
    partner_path = "partner"

    def visible_to(self, principal: Principal) -> Self:
        """Exclude staff tenants: they exist for their users, and nobody manages them."""
        return super().visible_to(principal).filter(kind=Tenant.Kind.CUSTOMER)

    def writable_by(self, principal: Principal) -> Self:
        """Tenants are changed by super admins only; others see them."""
        return self.visible_to(principal) if principal.tier is Tier.SUPER else self.none()

    def undeleted_names(self, partner: Partner) -> list[str]:
        """Return the names of up to ten tenants that keep a partner from being deleted."""
        customers = self.filter(deleted_at=None, partner=partner, kind=Tenant.Kind.CUSTOMER)
        return list(customers.order_by("name").values_list("name", flat=True)[:10])


class TenantOwnedQuerySet(EntityQuerySet[M]):
    """Rows that belong to a tenant."""

    def in_existing_tenant(self) -> Self:
        """Exclude what is deleted itself, and what belongs to a deleted tenant or partner."""
        return self.filter(deleted_at=None, tenant__deleted_at=None, tenant__partner__deleted_at=None)


class TenantKind(models.TextChoices):
    CUSTOMER = "CUSTOMER"
    PARTNER_STAFF = "PARTNER_STAFF"
    PLATFORM_STAFF = "PLATFORM_STAFF"


class Tenant(Entity, SessionPolicy):
    prefix = Prefix.TENANT
    Kind = TenantKind

    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="tenants")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.CUSTOMER, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, null=True)
    contact_email = models.EmailField(blank=True)
    settings = models.JSONField(default=dict, blank=True)
    branding = models.JSONField(default=dict, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug"], condition=Q(deleted_at=None), name="tenant_slug_is_unique"),
            models.UniqueConstraint(
                fields=["partner"],
                condition=Q(kind="PARTNER_STAFF", deleted_at=None),
                name="partner_has_one_staff_tenant",
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(kind="PLATFORM_STAFF"), name="platform_has_one_staff_tenant"
            ),
            models.CheckConstraint(
                condition=Q(kind="PLATFORM_STAFF", partner=None) | Q(partner__isnull=False) & ~Q(kind="PLATFORM_STAFF"),
                name="tenant_has_a_partner_unless_platform_staff",
            ),
            models.CheckConstraint(
                condition=Q(kind="CUSTOMER", slug__isnull=False) | ~Q(kind="CUSTOMER") & Q(slug=None),
                name="tenant_has_a_slug_unless_staff",
            ),
            one_of("kind", TenantKind, "tenant_kind_is_known"),
            one_of("status", Status, "tenant_status_is_known"),
            policy_constraint("tenant_policy_is_workable"),
            # A user's composite foreign key references it, so the database keeps role and kind consistent.
            models.UniqueConstraint(fields=["id", "kind"], name="tenant_id_and_kind"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_staff(self) -> bool:
        return self.kind != self.Kind.CUSTOMER


def tenant_is_active(path: str) -> Q:
    """Match if the tenant at `path` and its partner, if it has one, are active and not deleted."""
    return is_active(path) & (Q(**{f"{path}partner": None}) | is_active(f"{path}partner__"))


def strictest(policy: str, path: str) -> Any:
    """Return the smallest of the platform's, the partner's and the tenant's `policy`; LEAST ignores nulls.

    Text compares alphabetically, and `deny`, which is stricter, comes before `evict`.
    """
    return Least(platform(policy), F(f"{path}partner__{policy}"), F(f"{path}{policy}"))
