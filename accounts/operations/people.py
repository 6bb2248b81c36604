from collections.abc import Callable

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import Application, Role, User
from accounts.models.applications import ApplicationScope, ApplicationType
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.secrets import digest, new_secret
from tenancy.models import Partner, Tenant
from tenancy.operations import hold


@transaction.atomic
def create_user(
    *, actor: Principal, tenant: Tenant, email: str, password: str | None, role: Role = Role.USER, **names: str
) -> User:
    """Without a password the account cannot sign in until one is set."""
    _hold_limit(tenant, "max_users_per_tenant", User.objects.present().filter(tenant=tenant).count)
    user = User.objects.create(tenant=tenant, email=email, role=role, password=make_password(password), **names)
    record(
        Action.USER_CREATED, actor=actor, resource=user, partner_id=tenant.partner_id, changes={"role": [None, role]}
    )
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


def _hold_limit(tenant: Tenant, limit: str, used: Callable[[], int]) -> None:
    """Counted under the partner's lock, so that of two creates at the edge one sees the other."""
    if tenant.is_staff or tenant.partner_id is None:
        return
    partner = Partner.objects.select_for_update(no_key=True).get(pk=tenant.partner_id)
    allowed = getattr(partner, limit)
    if allowed is not None:
        hold(limit, allowed, used())
