from collections.abc import Mapping
from typing import Any

from django.db.models import F, Q
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from accounts.api.v1 import filters, wire
from accounts.api.v1.serializers import people as serializers
from accounts.api.v1.serializers.mine import SessionsEnded
from accounts.models import Role, User
from accounts.models.users import grantable_by
from audit.api.idempotency import IdempotentViewSet
from core.access import ActorType, Tier
from core.api.permissions import NEEDS_SESSION
from core.api.resources import ResourceViewSet
from core.api.schema import enveloped, refused
from core.api.v1 import V1ViewSet, ValidationFailed, error_item
from core.ids import Prefix, encode_id
from core.models import EntityQuerySet
from tenancy.models import Partner, Tenant

OWN_COLUMNS = ("email", "first_name", "last_name", "display_name", "role", "status", "custom_attributes")
THROTTLED = refused("Too many wrong codes. Wait as many seconds as `Retry-After` says.")


class UserViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Users"
    noun, model = "user", User
    notes = {
        "create": (
            "The user has no password yet: use `reset-password` to send them a link to choose one. Tenant "
            "admins and users need a tenant, partner admins a partner, and super admins neither."
        ),
        "update": (
            "Suspending the user, or changing the role or the e-mail address, revokes their sessions; `Sessions-Ended` "
            "counts them. An API key cannot change the e-mail address or the role."
        ),
        "destroy": "All of their sessions are revoked; `Sessions-Ended` counts them. The e-mail address can be reused.",
    }
    columns = (
        *("id", "created_at", "updated_at", "tenant_id", *OWN_COLUMNS, "last_login_at"),
        *("tenant_kind", "partner_id", "mfa_enabled"),
    )
    shown_by, made_by, changed_by = serializers.User, serializers.NewUser, serializers.ChangedUser
    lists = {"list": filters.USERS}
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = dict.fromkeys(("create", "update", "destroy", "reset_password", "disable_mfa"), Tier.TENANT)
    repeatable = frozenset({"create"})
    expensive = frozenset({"reset_password"})
    errors = wire.USER_ERRORS
    unique = {"user_email_is_unique": "email"}
    missing = "User not found"

    def things(self) -> EntityQuerySet[User]:
        return User.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    def described(self, rows: Any) -> Any:
        return rows.annotate(partner_id=F("tenant__partner_id"), mfa_enabled=Q(totp__confirmed_at__isnull=False))

    @classmethod
    def item(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in super().item(row).items() if name != "tenant_kind"}
        is_staff = row["tenant_kind"] != Tenant.Kind.CUSTOMER
        return shown | {
            "tenant_id": None if is_staff else encode_id(Prefix.TENANT, row["tenant_id"]),
            "partner_id": encode_id(Prefix.PARTNER, row["partner_id"]) if row["partner_id"] else None,
        }

    def make(self, given: dict[str, Any]) -> tuple[User, dict[str, Any]]:
        role = Role(given.get("role", Role.USER))
        self.may_grant(role)
        tenant = self.home(role, given)
        return operations.create_user(actor=self.principal, tenant=tenant, **given), {}

    def alter(self, thing: User, given: dict[str, Any]) -> int:
        role = Role(given.get("role", thing.role))
        if {"email", "role"} & given.keys():
            self.must_have_signed_in()
        if role != thing.role:
            if thing.tenant.is_staff or role not in (Role.USER, Role.TENANT_ADMIN):
                raise ValidationFailed(
                    error_item(
                        ("body", "role"),
                        "Users of a tenant cannot become staff, and staff cannot become users of a tenant",
                    )
                )
            self.may_grant(role)
        return operations.change_user(thing, actor=self.principal, versions=self.versions, **given)

    def remove(self, thing: User) -> int:
        return operations.delete_user(thing, actor=self.principal, versions=self.versions)

    def must_have_signed_in(self) -> None:
        """A key that somebody finds must not become the account it was made for."""
        if self.principal.type is ActorType.API_KEY:
            raise PermissionDenied(NEEDS_SESSION)

    def somebody_else(self, resource_id: str) -> User:
        """One's own credentials are changed with what proves that they are one's own."""
        self.must_have_signed_in()
        user = self.only(self.changeable(self.named(resource_id)))
        if user.pk == self.principal.user_id:
            raise PermissionDenied("Change this for your own account at /api/v1/me, with your password")
        return user

    def may_grant(self, role: Role) -> None:
        if role not in grantable_by(self.principal):
            raise PermissionDenied

    def home(self, role: Role, given: dict[str, Any]) -> Tenant:
        """Where somebody in that role lives, taken out of what is given."""
        tenant_id, partner_id = given.pop("tenant_id", None), given.pop("partner_id", None)
        if role is Role.SUPER_ADMIN:
            wire.leave_out(role, tenant_id=tenant_id, partner_id=partner_id)
            return Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        if role is Role.PARTNER_ADMIN:
            wire.leave_out(role, tenant_id=tenant_id)
            partner = self.target(Partner.objects.not_deleted(), wire.needed("partner_id", partner_id))
            return Tenant.objects.get(partner=partner, kind=Tenant.Kind.PARTNER_STAFF)
        wire.leave_out(role, partner_id=partner_id)
        if self.principal.tier is Tier.TENANT and tenant_id is None:
            tenant_id = self.principal.tenant_id
        return self.target(Tenant.objects.not_deleted(), wire.needed("tenant_id", tenant_id))

    @extend_schema(
        operation_id="reset_user_password",
        request=serializers.PasswordResetRequest,
        responses=enveloped(serializers.IssuedPasswordReset),
    )
    def reset_password(self, request: Request, resource_id: str) -> Response:
        """Reset a user's password. Their present password and all of their sessions stop working at once, and
        they get a one-time code for choosing a new one."""
        user = self.somebody_else(resource_id)
        delivery = self.body(serializers.PasswordResetRequest)["delivery"]
        if delivery == "code" and self.principal.is_scoped:
            raise PermissionDenied("Clients cannot receive reset codes; use the delivery mail")
        issued = operations.issue_password_reset(user, actor=self.principal, by_mail=delivery == "mail")
        return self.answer(
            {
                "delivery": delivery,
                "email": user.email,
                "code": issued.code if delivery == "code" else None,
                "expires_at": issued.expires_at,
                "sessions_ended": issued.sessions_ended,
            }
        )

    @extend_schema(
        operation_id="disable_user_mfa",
        request=None,
        responses={200: enveloped(SessionsEnded), 409: refused("This user does not have MFA.")},
    )
    def disable_mfa(self, request: Request, resource_id: str) -> Response:
        """Disable a user's MFA. For users who have lost their device. All of their sessions are revoked."""
        user = self.somebody_else(resource_id)
        return self.answer({"sessions_ended": operations.remove_totp(user, actor=self.principal)})


class PasswordResetViewSet(V1ViewSet):
    tag = "Signing in"
    public = frozenset({"reset"})
    errors = wire.RESET_ERRORS

    @extend_schema(
        operation_id="reset_password",
        request=serializers.NewPassword,
        responses={200: enveloped(SessionsEnded), 429: THROTTLED},
    )
    def reset(self, request: Request) -> Response:
        """Choose a new password. Needs the code from a password reset, and revokes all of your sessions."""
        given = self.body(serializers.NewPassword)
        ended = operations.reset_password(given["code"], given["new_password"], origin=self.origin)
        return self.answer({"sessions_ended": ended})
