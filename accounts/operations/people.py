from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import Application, Role, User, user_is_up
from accounts.models.applications import ApplicationScope, ApplicationType
from accounts.models.users import normal_email
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.secrets import digest, new_secret
from tenancy.models import Partner, Tenant
from tenancy.operations import Versions, change, delete, hold, record_made


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
    """Without a password the account cannot sign in until one is set."""
    _hold_limit(tenant, "max_users_per_tenant", User.objects.present().filter(tenant=tenant).count)
    user = User.objects.create(tenant=tenant, email=email, role=role, password=make_password(password), **columns)
    record_made(user, actor=actor, email=user.email, role=role, **columns)
    return user


@transaction.atomic
def create_application(
    *,
    actor: Principal,
    name: str,
    application_type: ApplicationType,
    scope: ApplicationScope,
    client_id: str,
    partner: Partner | None = None,
    tenant: Tenant | None = None,
    allowed_scopes: list[str] | None = None,
    secret: str | None = None,
) -> tuple[Application, str]:
    """The application, and its secret: this is the only time anybody sees it."""
    if tenant is not None:
        _hold_limit(tenant, "max_applications_per_tenant", Application.objects.present().filter(tenant=tenant).count)
    secret = secret or new_secret()
    application = Application.objects.create(
        name=name,
        application_type=application_type,
        scope=scope,
        client_id=client_id,
        partner=partner,
        tenant=tenant,
        allowed_scopes=allowed_scopes or [],
        secret_digest=digest(secret),
    )
    owner = tenant.partner_id if tenant else None  # else the application itself says
    made = {"client_id": [None, client_id]}
    record(Action.APPLICATION_CREATED, actor=actor, resource=application, partner_id=owner, changes=made)
    return application, secret


class LastOperator(Exception):
    """Somebody must be left who can let the others back in."""


@transaction.atomic
def change_user(user: User, *, actor: Principal, versions: Versions = None, **columns: Any) -> int:
    """Write what differs; how many sessions that ended. A role or an e-mail that changes ends all of the user's:
    they were opened by somebody else, as it were."""
    if "email" in columns:
        columns["email"] = normal_email(columns["email"])
    ending = ""
    for name, reason in (("email", "e-mail changed"), ("role", "role changed")):
        if name in columns and columns[name] != getattr(user, name):
            ending = reason
    ended = change(user, actor=actor, versions=versions, ending=ending, **columns)
    _keep_an_operator(user)
    return ended


@transaction.atomic
def delete_user(user: User, *, actor: Principal, versions: Versions = None) -> int:
    ended = delete(user, actor=actor, versions=versions)
    _keep_an_operator(user)
    return ended


def _keep_an_operator(changed: User) -> None:
    """Looked at after the change, one change at a time: of two operators who suspend each other one succeeds."""
    if changed.tenant.kind != Tenant.Kind.PLATFORM_STAFF:
        return
    Tenant.objects.select_for_update(no_key=True).get(pk=changed.tenant_id)
    if not User.objects.filter(user_is_up(), role=Role.SUPER_ADMIN).exists():
        raise LastOperator


def _hold_limit(tenant: Tenant, limit: str, used: Callable[[], int]) -> None:
    """Counted under the partner's lock, so that of two creates at the edge one sees the other."""
    if tenant.is_staff or tenant.partner_id is None:
        return
    partner = Partner.objects.select_for_update(no_key=True).get(pk=tenant.partner_id)
    allowed = getattr(partner, limit)
    if allowed is not None:
        hold(limit, allowed, used())
