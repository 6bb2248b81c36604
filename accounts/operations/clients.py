"""Client authentication and tokens of clients (RFC 6749)."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts import tokens
from accounts.models import Agent, Application
from accounts.models.agents import agent_is_active
from accounts.models.applications import application_is_active
from accounts.operations.throttle import charge_address
from audit.actions import Action, Result
from audit.operations import record, record_refusal
from core.access import ActorType, Origin, Principal, Tier
from core.crypto import digest
from tenancy.models import platform


class ClientRefused(Exception):
    """A refusal with an error code of RFC 6749."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


@dataclass(frozen=True, slots=True)
class IssuedToken:
    access_token: str = field(repr=False)
    expires_in: int
    scope: str


@dataclass(frozen=True, slots=True)
class Client:
    """An authenticated client. The revision was read in the same statement as the secret."""

    row: Any
    actor: Principal

    @property
    def revision(self) -> int:
        return self.row.platform_revision


def issue_token(client_id: str, secret: str, scope: str | None, *, origin: Origin) -> IssuedToken:
    """Issue a token for `client_credentials` (section 4.4), for global services and agents."""
    with authenticated(client_id, secret, Action.CLIENT_AUTHENTICATED, origin=origin) as client:
        is_agent = isinstance(client.row, Agent)
        if not is_agent and not _is_global_service(client.row):
            raise ClientRefused("unauthorized_client", "Only GLOBAL SERVICE applications and agents may do this")
        granted_scope = granted_of(client.row.allowed_scopes, scope)
    own_claims = _agent_claims(client.row) if is_agent else {"platform_token": True, "app_scope": client.row.scope}
    claims = {
        "sub": client_id,
        "client_id": client_id,
        "token_type": "client_credentials",
        "scope": granted_scope,
        "revision": client.revision,
    }
    lifetime = tokens.AGENT_LIFETIME if is_agent else client.row.token_lifetime
    token = tokens.sign(claims | own_claims, lifetime)
    with transaction.atomic():
        changes = {"scope": granted_scope}
        record(Action.CLIENT_AUTHENTICATED, actor=client.actor, resource=client.row, changes=changes)
    return IssuedToken(token, lifetime, granted_scope)


@contextmanager
def authenticated(client_id: str, secret: str, action: Action, *, origin: Origin) -> Iterator[Client]:
    """Authenticate a client for an action. A refusal is recorded, and counted against its address."""
    address = charge_address(origin.ip_address)
    row = _find_client(client_id)
    client = Client(row, _actor(client_id, row, origin))
    try:
        _verify_secret(row, secret)
        yield client
    except ClientRefused as refusal:
        changes = {"reason": refusal.error}
        record_refusal(action, result=Result.FAILURE, actor=client.actor, resource=row, changes=changes)
        raise
    if address:
        address.refund()


def granted_of(allowed: list[str], requested: str | None) -> str:
    """Return the scope for a token: the requested one, or everything that is allowed."""
    if requested is None:
        return " ".join(allowed)
    scopes = requested.split(" ")
    if len(set(scopes)) != len(scopes) or not set(scopes) <= set(allowed):
        raise ClientRefused("invalid_scope", "The client's allowed_scopes do not cover the requested scope")
    return requested


def _find_client(client_id: str) -> Any:
    """Return an active application or agent, with `platform_revision`, or None."""
    rows: Any = Application.objects.filter(application_is_active(""))
    if client_id.startswith(Agent.client_id_prefix):
        rows = Agent.objects.filter(agent_is_active()).select_related("tenant")
    return rows.filter(client_id=client_id).annotate(platform_revision=platform("revision")).first()


def _actor(client_id: str, row: Any, origin: Origin) -> Principal:
    actor = Principal(type=ActorType.PLATFORM, id=client_id[:128], label=client_id, tier=Tier.NONE, origin=origin)
    if not isinstance(row, Agent):
        return actor
    return Principal.agent(client_id, row.tenant_id, row.tenant.partner_id, frozenset(), origin=origin)


def _verify_secret(row: Any, secret: str) -> None:
    # An unknown client is compared with a secret nobody has, so that the time tells nothing.
    stored = bytes(row.secret_digest or b"") if row else b""
    if not hmac.compare_digest(stored or bytes(32), digest(secret)) or row is None:
        raise ClientRefused("invalid_client", "Unknown client or wrong secret")


def _is_global_service(application: Application) -> bool:
    kind = (application.scope, application.application_type)
    return kind == (Application.Scope.GLOBAL, Application.Type.SERVICE)


def _agent_claims(agent: Agent) -> dict[str, str]:
    return {"agent_id": agent.handle, "tenant_id": agent.tenant.handle}
