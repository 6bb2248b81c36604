"""What has a client's id and secret: applications, and agents beside them."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Agent, Application, User
from accounts.models.applications import ApplicationScope, ApplicationType
from accounts.models.clients import Client, is_administrative
from audit.actions import Action
from audit.operations import record
from core.access import Principal, Tier
from core.crypto import digest, new_secret
from tenancy.models import Partner, Tenant
from tenancy.operations import (
    Versions,
    change,
    enforce_limit,
    lock,
    lock_tenant_for_create,
    next_revision,
    record_created,
)


class ScopeNotGrantable(Exception):
    """A right that the actor may not hand out, or something that is not for them to offer."""


class PublicClient(Exception):
    """A public client: whoever has the program could read it."""


@transaction.atomic
def create_application(
    *,
    actor: Principal,
    name: str,
    application_type: ApplicationType,
    scope: ApplicationScope,
    client_id: str | None = None,
    secret: str | None = None,
    partner: Partner | None = None,
    tenant: Tenant | None = None,
    **columns: Any,
) -> tuple[Application, str | None]:
    """The application, and its secret if it can keep one: this is the only time anybody sees it."""
    if scope == ApplicationScope.GLOBAL and not _is_an_operator(actor):
        raise ScopeNotGrantable
    _require_their_own(actor, columns.get("allowed_scopes", ()))
    if tenant is not None:
        used = Application.objects.not_deleted().filter(tenant=tenant).count
        enforce_limit(tenant, "max_applications_per_tenant", used, actor=actor)
    application = Application(
        name=name,
        application_type=application_type,
        scope=scope,
        client_id=client_id or Application.new_client_id(),
        partner=partner,
        tenant=tenant,
        **columns,
    )
    shown = (secret or new_secret()) if application.is_confidential else None
    application.secret_digest = digest(shown) if shown else None
    application.save(force_insert=True)
    said = {"application_type": application_type, "scope": scope, "client_id": application.client_id}
    owner = {"tenant": tenant} if tenant else {"partner": partner} if partner else {}
    record_created(application, actor=actor, name=name, **said, **owner, **columns)
    return application, shown


@transaction.atomic
def create_agent(
    *, actor: Principal, tenant: Tenant, owner_user: User | None = None, **columns: Any
) -> tuple[Agent, str]:
    """The agent, and its secret: this is the only time anybody sees it. Whoever makes it answers for it, unless
    somebody else is named; what a service makes may have nobody."""
    _require_their_own(actor, columns.get("allowed_scopes", ()))
    lock_tenant_for_create(tenant, actor=actor)
    secret, client_id = new_secret(), Agent.new_client_id()
    owner = {"owner_user": owner_user} if owner_user else {"owner_user_id": actor.user_id}
    agent = Agent.objects.create(tenant=tenant, client_id=client_id, secret_digest=digest(secret), **owner, **columns)
    record_created(agent, actor=actor, tenant=tenant, client_id=client_id, owner_user=agent.owner_user, **columns)
    return agent, secret


@transaction.atomic
def change_client(client: Client, *, actor: Principal, versions: Versions = None, **columns: Any) -> int:
    """Write what differs; how many sessions that ended."""
    _require_their_own(actor, set(columns.get("allowed_scopes", ())) - set(client.allowed_scopes))
    return change(client, actor=actor, versions=versions, **columns)


@transaction.atomic
def rotate_secret(client: Application | Agent, *, actor: Principal, versions: Versions = None) -> str:
    """A new secret, shown this once. The old one is refused from here on, and so are the tokens it has brought."""
    if isinstance(client, Application) and not client.is_confidential:
        raise PublicClient
    revision, secret = next_revision(), new_secret()
    locked = lock(client, versions, actor=actor)
    locked.secret_digest, locked.secret_revision = digest(secret), revision
    locked.updated_at = Now()
    locked.save(update_fields=["secret_digest", "secret_revision", "updated_at"])
    action = Action.AGENT_SECRET_ROTATED if isinstance(client, Agent) else Action.APPLICATION_SECRET_ROTATED
    tenant = client.tenant
    record(action, actor=actor, resource=client, partner_id=tenant.partner_id if tenant else None)
    return secret


def _require_their_own(actor: Principal, scopes: Iterable[str]) -> None:
    """To administer is a right that operators hand out, in person."""
    if any(map(is_administrative, scopes)) and not _is_an_operator(actor):
        raise ScopeNotGrantable


def _is_an_operator(actor: Principal) -> bool:
    return actor.tier is Tier.SUPER and not actor.is_scoped
