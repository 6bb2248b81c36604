"""Clients: applications and agents."""

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
    """A scope that the actor may not grant: administrative, or that of an application for everybody."""


class PublicClient(Exception):
    """A public client has no secret: its users could read it."""


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
    """Create an application; return it with its secret, shown once, or with None if it is public."""
    if scope == ApplicationScope.GLOBAL and not _is_operator(actor):
        raise ScopeNotGrantable
    _require_grantable(actor, columns.get("allowed_scopes", ()))
    if tenant is not None:
        count = Application.objects.not_deleted().filter(tenant=tenant).count
        enforce_limit(tenant, "max_applications_per_tenant", count, actor=actor)
    application = Application(
        name=name,
        application_type=application_type,
        scope=scope,
        client_id=client_id or Application.new_client_id(),
        partner=partner,
        tenant=tenant,
        **columns,
    )
    secret = (secret or new_secret()) if application.is_confidential else None
    application.secret_digest = digest(secret) if secret else None
    application.save(force_insert=True)
    recorded = {"application_type": application_type, "scope": scope, "client_id": application.client_id}
    owner = {"tenant": tenant} if tenant else {"partner": partner} if partner else {}
    record_created(application, actor=actor, name=name, **recorded, **owner, **columns)
    return application, secret


@transaction.atomic
def create_agent(
    *, actor: Principal, tenant: Tenant, owner_user: User | None = None, **columns: Any
) -> tuple[Agent, str]:
    """Create an agent; return it with its secret, shown once.

    Its owner is the actor unless another user is passed. An agent that a service creates may have none.
    """
    _require_grantable(actor, columns.get("allowed_scopes", ()))
    lock_tenant_for_create(tenant, actor=actor)
    secret, client_id = new_secret(), Agent.new_client_id()
    owner = {"owner_user": owner_user} if owner_user else {"owner_user_id": actor.user_id}
    agent = Agent.objects.create(tenant=tenant, client_id=client_id, secret_digest=digest(secret), **owner, **columns)
    record_created(agent, actor=actor, tenant=tenant, client_id=client_id, owner_user=agent.owner_user, **columns)
    return agent, secret


@transaction.atomic
def change_client(client: Client, *, actor: Principal, versions: Versions = None, **columns: Any) -> int:
    """Update the columns that differ; return how many sessions that revoked."""
    _require_grantable(actor, set(columns.get("allowed_scopes", ())) - set(client.allowed_scopes))
    return change(client, actor=actor, versions=versions, **columns)


@transaction.atomic
def rotate_secret(client: Application | Agent, *, actor: Principal, versions: Versions = None) -> str:
    """Return a new secret, shown once. The old one and the tokens issued with it are refused from now on."""
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


def _require_grantable(actor: Principal, scopes: Iterable[str]) -> None:
    """Raise ScopeNotGrantable for an administrative scope, unless a super admin grants it in person."""
    if any(map(is_administrative, scopes)) and not _is_operator(actor):
        raise ScopeNotGrantable


def _is_operator(actor: Principal) -> bool:
    return actor.tier is Tier.SUPER and not actor.is_scoped
