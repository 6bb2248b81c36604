from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Case, Q, Value, When

from core.access import Principal, ScopedQuerySet, Tier
from core.ids import Prefix
from core.models import Entity, Status, is_active, one_of
from tenancy.models import Tenant, TenantOwnedQuerySet, tenant_is_active

M = TypeVar("M", bound=models.Model)


class Role(models.TextChoices):
    SUPER_ADMIN = "super_admin"
    PARTNER_ADMIN = "partner_admin"
    TENANT_ADMIN = "tenant_admin"
    USER = "user"

    @property
    def tier(self) -> Tier:
        return _TIERS[self]


_TIERS = {
    Role.SUPER_ADMIN: Tier.SUPER,
    Role.PARTNER_ADMIN: Tier.PARTNER,
    Role.TENANT_ADMIN: Tier.TENANT,
    Role.USER: Tier.USER,
}


def user_is_active(path: str = "") -> Q:
    """Match if the user at `path`, their tenant and its partner are active and not deleted."""
    return is_active(path) & tenant_is_active(f"{path}tenant__")


def roles_below(tier: Tier) -> list[Role]:
    return [role for role in Role if role.tier < tier]


def grantable_by(principal: Principal) -> list[Role]:
    """Return the roles that a principal may assign: those below its own. Only super admins in person assign any."""
    if principal.tier is Tier.SUPER and not principal.is_scoped:
        return list(Role)
    return roles_below(principal.tier)


class PersonalQuerySet(ScopedQuerySet[M]):
    """Rows that belong to a user. `user_path` leads from the row to the user."""

    user_path: ClassVar[str] = "user__"

    def writable_by(self, principal: Principal) -> Self:
        """Return the rows of users with lower roles, and the caller's own; super admins also get those of each other.

        A client that acts for a user must not change that user: it could set itself a password.
        """
        rows = self.visible_to(principal)
        if principal.tier is Tier.SUPER:
            return rows
        below = Q(**{f"{self.user_path}role__in": roles_below(principal.tier)})
        own = Q(**{f"{self.user_path}pk": principal.user_id})
        return rows.filter(below if principal.delegate else below | own)


class UserQuerySet(PersonalQuerySet["User"], TenantOwnedQuerySet["User"]):  # type: ignore[override]  # managers the plugin made up
    user_path = ""

    def writable_by(self, principal: Principal) -> Self:
        """Exclude super admins for services, which super admins create."""
        rows = super().writable_by(principal)
        return rows.exclude(role=Role.SUPER_ADMIN) if principal.is_scoped else rows

    def by_email(self, email: str) -> Self:
        return self.filter(email=normal_email(email))

    def with_totp(self) -> Self:
        return self.annotate(has_totp=Q(totp__confirmed_at__isnull=False))


class User(Entity, AbstractBaseUser):
    prefix = Prefix.USER

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="users", db_index=False)
    tenant_kind = models.CharField(max_length=16, editable=False)
    email = models.EmailField(max_length=254)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    display_name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.USER)
    custom_attributes = models.JSONField(default=dict, blank=True)
    last_login_at = models.DateTimeField(null=True, editable=False)

    last_login = None

    has_totp: bool  # added to the row by `with_totp`

    objects = UserQuerySet.as_manager()

    USERNAME_FIELD = "id"  # the only unique column: an e-mail address is unique within its tenant

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"], condition=Q(deleted_at=None), name="user_email_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(tenant_kind="CUSTOMER", role__in=["tenant_admin", "user"])
                | Q(tenant_kind="PARTNER_STAFF", role="partner_admin")
                | Q(tenant_kind="PLATFORM_STAFF", role="super_admin"),
                name="user_role_fits_the_tenant_kind",
            ),
            one_of("status", Status, "user_status_is_known"),
            # A membership's composite foreign key references it, so members belong to the group's tenant.
            models.UniqueConstraint(fields=["id", "tenant"], name="user_id_and_tenant"),
        ]
        indexes = [
            models.Index(fields=["email"], condition=Q(deleted_at=None), name="user_by_email"),
            # In the order of a list. Not for users that are not deleted alone: without statistics, PostgreSQL would
            # read all of such an index to find a few users by their ids.
            models.Index(fields=["tenant", "id"], include=["deleted_at"], name="user_of_tenant"),
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = normal_email(self.email)
        self.tenant_kind = self.tenant.kind
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        return name_of(self.email, self.display_name, self.first_name, self.last_name)


def name_of(email: str, display_name: str, first_name: str, last_name: str) -> str:
    return display_name or f"{first_name} {last_name}".strip() or email


def normal_email(email: str) -> str:
    return email.strip().lower()


def tier_of(path: str = "") -> Case:
    """Return the role's tier as a number, for queries that build a Principal."""
    return Case(*(When(**{f"{path}role": role}, then=Value(int(role.tier))) for role in Role), default=Value(0))


def is_admin(path: str = "") -> Q:
    return ~Q(**{f"{path}role": Role.USER})
