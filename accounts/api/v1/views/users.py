from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from accounts.api.v1 import filters, wire
from accounts.api.v1.serializers import people as serializers
from accounts.api.v1.serializers.mine import SessionsEnded
from accounts.models import User, UserCount
from audit.api.idempotency import IdempotentViewSet
from core.access import Tier
from core.api.resources import ResourceViewSet
from core.api.schema import enveloped, refused
from core.api.v1 import V1ViewSet
from core.models import EntityQuerySet

OWN_COLUMNS = ("email", "first_name", "last_name", "display_name", "role", "status", "custom_attributes")
THROTTLED = refused("Too many wrong codes. Wait as many seconds as `Retry-After` says.")


class UserViewSet(IdempotentViewSet, ResourceViewSet):
    tag = "Users"
    resource_name, model = "user", User
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
    serializer_class = serializers.User
    create_serializer_class, update_serializer_class = serializers.NewUser, serializers.ChangedUser
    filterset_class = filters.UserFilters
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = dict.fromkeys(("create", "update", "destroy", "reset_password", "disable_mfa"), Tier.TENANT)
    repeatable = frozenset({"create"})
    expensive = frozenset({"reset_password"})
    errors = wire.USER_ERRORS
    unique = {"user_email_is_unique": "email"}
    missing = "User not found"

    def get_queryset(self) -> EntityQuerySet[User]:
        return User.objects.visible_to(self.principal).in_existing_tenant().select_related("tenant")

    def annotate(self, rows: Any) -> Any:
        return rows.annotate(partner_id=F("tenant__partner_id"), mfa_enabled=Q(totp__confirmed_at__isnull=False))

    def total_of_rows(self, *ids: UUID, rows: str, **filtered: Any) -> QuerySet[Any, Any]:
        """All users that the caller can see are counted already."""
        return UserCount.objects.visible_to(self.principal).in_existing_tenant().total()

    def perform_destroy(self, instance: User) -> int:
        return operations.delete_user(instance, actor=self.principal, versions=self.versions)

    @extend_schema(
        operation_id="reset_user_password",
        request=serializers.PasswordResetRequest,
        responses=enveloped(serializers.IssuedPasswordReset),
    )
    def reset_password(self, request: Request, resource_id: str) -> Response:
        """Reset a user's password. Their present password and all of their sessions stop working at once, and
        they get a one-time code for choosing a new one."""
        operations.require_sign_in(actor=self.principal)
        user = self.get_object()
        delivery = self.validate_body(serializers.PasswordResetRequest)["delivery"]
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
        operations.require_sign_in(actor=self.principal)
        return self.answer({"sessions_ended": operations.remove_totp(self.get_object(), actor=self.principal)})


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
        data = self.validate_body(serializers.NewPassword)
        ended = operations.reset_password(data["code"], data["new_password"], origin=self.origin)
        return self.answer({"sessions_ended": ended})
