"""Users: created, updated and deleted, with the role and the credentials that the actor may give them."""

from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import transaction

from accounts.models import Role, User, user_is_active
from accounts.models.users import normal_email
from accounts.operations.rights import require_grantable, require_sign_in
from core.access import Principal
from tenancy.models import Tenant
from tenancy.operations import Versions, change, delete, enforce_limit, record_created


class LastOperator(Exception):
    """At least one super admin who can sign in must remain."""


class RoleDoesNotFit(Exception):
    """The role does not fit the user's tenant: users of a customer tenant cannot become staff, or staff such users."""


@transaction.atomic
def create_user(
    *,
    actor: Principal,
    tenant: Tenant,
    email: str,
    password: str | None = None,
    role: Role = Role.USER,
    **columns: Any,
) -> User:
    """Create a user, who without a password cannot sign in until one is set."""
    require_grantable(role, actor=actor)
    enforce_limit(tenant, "max_users_per_tenant", User.objects.not_deleted().filter(tenant=tenant).count, actor=actor)
    user = User.objects.create(tenant=tenant, email=email, role=role, password=make_password(password), **columns)
    record_created(user, actor=actor, email=user.email, role=role, **columns)
    return user


@transaction.atomic
def change_user(user: User, *, actor: Principal, versions: Versions = None, **columns: Any) -> int:
    """Update the columns that differ; return how many sessions that revoked. A new role or e-mail revokes all."""
    if {"email", "role"} & columns.keys():
        require_sign_in(actor=actor)
    _require_fitting_role(user, Role(columns.get("role", user.role)), actor)
    if "email" in columns:
        columns["email"] = normal_email(columns["email"])
    ending = ""
    for name, reason in (("email", "e-mail changed"), ("role", "role changed")):
        if name in columns and columns[name] != getattr(user, name):
            ending = reason
    revoked = change(user, actor=actor, versions=versions, ending=ending, **columns)
    _keep_an_operator(user)
    return revoked


@transaction.atomic
def delete_user(user: User, *, actor: Principal, versions: Versions = None) -> int:
    revoked = delete(user, actor=actor, versions=versions)
    _keep_an_operator(user)
    return revoked


def _require_fitting_role(user: User, role: Role, actor: Principal) -> None:
    if role == user.role:
        return
    if user.tenant.is_staff or role not in (Role.USER, Role.TENANT_ADMIN):
        raise RoleDoesNotFit
    require_grantable(role, actor=actor)


def _keep_an_operator(changed: User) -> None:
    """Raise LastOperator if no super admin is left.

    The change before it holds their tenant's lock, so that of two super admins who suspend each other one succeeds.
    """
    if changed.tenant.kind != Tenant.Kind.PLATFORM_STAFF:
        return
    operators = User.objects.filter(user_is_active(), role=Role.SUPER_ADMIN)
    if not operators.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists():
        raise LastOperator
