"""The holders of credentials other than sessions, each checked in one statement with everything above the holder."""

from collections.abc import Container
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, F, Q
from django.db.models.functions import Coalesce, Greatest, Now

from accounts.models import Agent, ApiKey, Application, SigningKey, user_is_active
from accounts.models.agents import agent_is_active
from accounts.models.applications import ApplicationQuerySet, application_is_active
from accounts.models.users import tier_of
from accounts.tokens import AgentClaims, PlatformClaims
from core.access import ActorType, Origin, Principal, Scope, Tier
from core.crypto import digest
from tenancy.models import platform

NOTE_USE_EVERY = timedelta(minutes=1)
HOLDER = {
    "email": F("user__email"),
    "tier": tier_of("user__"),
    "tenant_id": F("user__tenant_id"),
    "partner_id": F("user__tenant__partner_id"),
}


def key_still_verifies(kid: str) -> Exists:
    """Match if a signing key still verifies. Every credential check includes it, so a leaked key fails at once."""
    return Exists(SigningKey.objects.filter(Q(verifies_until=None) | Q(verifies_until__gt=Now()), pk=kid))


def holder_of_api_key(secret: str, *, origin: Origin) -> tuple[Principal, UUID, bool] | None:
    """Return a key's owner, the key's id, and whether its last use has to be saved again."""
    row = (
        ApiKey.objects.not_deleted()
        .filter(user_is_active("user__"), digest=digest(secret))
        .annotate(is_stale=Q(last_used_at=None) | Q(last_used_at__lt=Now() - NOTE_USE_EVERY))
        .values("id", "user_id", "is_stale", **HOLDER)
        .first()
    )
    if row is None:
        return None
    return Principal.user(row, origin=origin, session_id=None, type=ActorType.API_KEY), row["id"], row["is_stale"]


def holder_of_platform_token(claims: PlatformClaims, *, origin: Origin) -> Principal | None:
    """Return a service, with those of the token's scopes that it is still allowed."""
    allowed = (
        Application.objects.filter(
            application_is_active(""),
            key_still_verifies(claims.kid),
            client_id=claims.client_id,
            scope=Application.Scope.GLOBAL,
            application_type=Application.Type.SERVICE,
            min_revision__lte=claims.revision,
            secret_revision__lte=claims.revision,
        )
        .annotate(floor=platform("min_revision"))
        .filter(floor__lte=claims.revision)
        .values_list("allowed_scopes", flat=True)
        .first()
    )
    if allowed is None:
        return None
    scopes = administrative(claims.scopes, allowed)
    return Principal(
        type=ActorType.PLATFORM,
        id=claims.client_id,
        label=claims.client_id,
        tier=Tier.SUPER if scopes else Tier.NONE,
        scopes=scopes,
        origin=origin,
    )


def holder_of_agent_token(claims: AgentClaims, *, origin: Origin) -> tuple[Principal, UUID, int | None] | None:
    """Return an agent, with those of the token's scopes that it is still allowed; its id; and its rate limit."""
    row = (
        Agent.objects.filter(
            agent_is_active(),
            key_still_verifies(claims.kid),
            pk=claims.agent_id,
            client_id=claims.client_id,
            min_revision__lte=claims.revision,
            secret_revision__lte=claims.revision,
            tenant__min_revision__lte=claims.revision,
        )
        .annotate(floor=Greatest(platform("min_revision"), Coalesce("tenant__partner__min_revision", 0)))
        .filter(floor__lte=claims.revision)
        .values_list("allowed_scopes", "rate_limit_rpm", "tenant_id", "tenant__partner_id")
        .first()
    )
    if row is None:
        return None
    allowed, limit, tenant_id, partner_id = row
    scopes = administrative(claims.scopes, allowed)
    return Principal.agent(claims.client_id, tenant_id, partner_id, scopes, origin=origin), claims.agent_id, limit


def exchanging_since(revision: int) -> ApplicationQuerySet:
    """Return the applications that may exchange tokens, and whose tokens of a revision are still valid."""
    return Application.objects.filter(
        application_is_active(""),
        token_exchange_allowed=True,
        min_revision__lte=revision,
        secret_revision__lte=revision,
    )


def administrative(*scopes: Container[str]) -> frozenset[Scope]:
    """Return the administrative scopes that all of these contain."""
    return frozenset(scope for scope in Scope if all(scope in each for each in scopes))
