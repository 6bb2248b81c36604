"""Clients that prove who they are, and ask for a token (RFC 6749)."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts import tokens
from accounts.models import Agent, Application
from accounts.models.agents import agent_is_up
from accounts.models.applications import application_is_up
from accounts.operations.throttle import charge_address
from audit.actions import Action, Result
from audit.operations import record, record_refusal
from core.access import ActorType, Origin, Principal, Tier
from core.crypto import digest
from tenancy.models import platform


class ClientRefused(Exception):
    """With the error code that RFC 6749 has for it."""

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
    """One that has proved who it is. The revision was read together with the secret."""

    itself: Any
    actor: Principal

    @property
    def revision(self) -> int:
        return self.itself.platform_revision


def issue_token(client_id: str, secret: str, scope: str | None, *, origin: Origin) -> IssuedToken:
    """`client_credentials` (section 4.4), for the platform's own services and for agents."""
    with authenticated(client_id, secret, Action.CLIENT_AUTHENTICATED, origin=origin) as client:
        is_agent = isinstance(client.itself, Agent)
        if not is_agent and not _is_the_platforms_own(client.itself):
            raise ClientRefused("unauthorized_client", "Only GLOBAL SERVICE applications and agents may do this")
        granted = granted_of(client.itself.allowed_scopes, scope)
    kind = _of_agent(client.itself) if is_agent else {"platform_token": True, "app_scope": client.itself.scope}
    claims = {
        "sub": client_id,
        "client_id": client_id,
        "token_type": "client_credentials",
        "scope": granted,
        "revision": client.revision,
    }
    lifetime = tokens.AGENT_LIFETIME if is_agent else client.itself.token_lifetime
    token = tokens.sign(claims | kind, lifetime)
    with transaction.atomic():
        changes = {"scope": granted}
        record(Action.CLIENT_AUTHENTICATED, actor=client.actor, resource=client.itself, changes=changes)
    return IssuedToken(token, lifetime, granted)


@contextmanager
def authenticated(client_id: str, secret: str, action: Action, *, origin: Origin) -> Iterator[Client]:
    """A client that is who it says it is. Whatever it is refused is recorded, and charged to its address."""
    address = charge_address(origin.ip_address)
    found = _named(client_id)
    client = Client(found, _actor(client_id, found, origin))
    try:
        _compare(found, secret)
        yield client
    except ClientRefused as refusal:
        known = {"actor": client.actor, "resource": found, "changes": {"reason": refusal.error}}
        record_refusal(action, result=Result.FAILURE, **known)
        raise
    if address:
        address.refund()


def granted_of(allowed: list[str], asked: str | None) -> str:
    """The scopes to put into a token: those that are asked for, or all that are allowed."""
    if asked is None:
        return " ".join(allowed)
    words = asked.split(" ")
    if len(set(words)) != len(words) or not set(words) <= set(allowed):
        raise ClientRefused("invalid_scope", "The client's allowed_scopes do not cover the requested scope")
    return asked


def _named(client_id: str) -> Any:
    """An application or an agent, and what the statement added."""
    rows: Any = Application.objects.filter(application_is_up(""))
    if client_id.startswith(Agent.id_begins):
        rows = Agent.objects.filter(agent_is_up()).select_related("tenant")
    return rows.filter(client_id=client_id).annotate(platform_revision=platform("revision")).first()


def _actor(client_id: str, found: Any, origin: Origin) -> Principal:
    actor = Principal(type=ActorType.PLATFORM, id=client_id[:128], label=client_id, tier=Tier.NONE, origin=origin)
    if not isinstance(found, Agent):
        return actor
    return Principal.agent(client_id, found.tenant_id, found.tenant.partner_id, frozenset(), origin=origin)


def _compare(found: Any, secret: str) -> None:
    """An unknown client is compared with a secret nobody has."""
    stored = bytes(found.secret_digest or b"") if found else b""
    if not hmac.compare_digest(stored or bytes(32), digest(secret)) or found is None:
        raise ClientRefused("invalid_client", "Unknown client or wrong secret")


def _is_the_platforms_own(application: Application) -> bool:
    kind = (application.scope, application.application_type)
    return kind == (Application.Scope.GLOBAL, Application.Type.SERVICE)


def _of_agent(agent: Agent) -> dict[str, str]:
    return {"agent_id": agent.handle, "tenant_id": agent.tenant.handle}
