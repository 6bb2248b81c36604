"""What access tokens claim: whose they are. What their holders may do is read from the database, never from a token."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from accounts.access_tokens import AccessToken
from accounts.keyring import ring
from core.crypto import InvalidCredential, digest
from core.ids import Prefix, decode_id

ACCESS_LIFETIME = 600
AGENT_LIFETIME = 3600
MAX_DELEGATES = 4  # each acts for the one before
MAX_CACHED = 10_000  # tokens, a few megabytes


class InvalidToken(InvalidCredential):
    """A token that is not accepted. Every flaw raises the same error, so that callers learn nothing from it."""


class Expired(InvalidToken):
    """A token that was valid once, as its holder knows."""


@dataclass(frozen=True, slots=True)
class SessionClaims:
    session_id: UUID
    user_id: UUID
    kid: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class PlatformClaims:
    client_id: str
    scopes: frozenset[str]
    revision: int
    kid: str


@dataclass(frozen=True, slots=True)
class AgentClaims:
    agent_id: UUID
    client_id: str
    scopes: frozenset[str]
    revision: int
    kid: str


@dataclass(frozen=True, slots=True)
class DelegateClaims:
    """A client that acts for a session's user, followed by the clients that it has the right from."""

    session: SessionClaims
    clients: tuple[str, ...]
    scopes: frozenset[str]
    revision: int
    kid: str


Claims = SessionClaims | PlatformClaims | AgentClaims | DelegateClaims
_verified: dict[tuple[bytes, str, str], tuple[Claims, int]] = {}


def require_key() -> None:
    """Raise NoSigningKey unless a token can be signed: for callers that do something irrevocable first."""
    ring.signer()


def sign(claims: dict[str, Any], lifetime: int, *, until: int | None = None) -> str:
    """Sign an access token that lasts for a number of seconds, and no longer than `until`."""
    token = AccessToken()
    token.set_exp(lifetime=timedelta(seconds=lifetime))
    token.payload.update(claims)
    if until is not None:
        token["exp"] = min(token["exp"], until)
    return str(token)


def verify(token: str) -> Claims:
    """Return the claims of a token that we signed and that has not expired. Whether they hold is for the database.

    A signature that is valid stays valid, so it is verified once; key and expiry are checked on every call.
    """
    fingerprint = (digest(token), settings.ISSUER, settings.AUDIENCE)
    known = _verified.get(fingerprint)
    if known is None:
        known = _decode(token)
        if len(_verified) >= MAX_CACHED:
            _verified.clear()
        _verified[fingerprint] = known
    claims, expires_at = known
    if ring.public(claims.kid) is None:
        raise InvalidToken
    if time.time() >= expires_at:
        raise Expired
    return claims


def _decode(text: str) -> tuple[Claims, int]:
    try:
        payload = AccessToken(text).payload  # type: ignore[arg-type]  # annotated as a Token, and takes its text
    except ExpiredTokenError as error:
        raise Expired from error
    except TokenError as error:
        raise InvalidToken from error
    return _claims(payload), payload["exp"]


def _claims(payload: dict[str, Any]) -> Claims:
    if payload.get("platform_token") is True:
        return PlatformClaims(payload["sub"], *_grant(payload), payload["kid"])
    if "agent_id" in payload:
        return AgentClaims(_id(Prefix.AGENT, payload["agent_id"]), payload["sub"], *_grant(payload), payload["kid"])
    if "act" in payload:
        return DelegateClaims(_session(payload), _delegates(payload["act"]), *_grant(payload), payload["kid"])
    return _session(payload)


def _session(payload: dict[str, Any]) -> SessionClaims:
    return SessionClaims(
        session_id=_id(Prefix.SESSION, payload.get("sid")),
        user_id=_id(Prefix.USER, payload["sub"]),
        kid=payload["kid"],
        expires_at=payload["exp"],
    )


def _grant(payload: dict[str, Any]) -> tuple[frozenset[str], int]:
    revision = payload.get("revision")
    if type(revision) is not int:
        raise InvalidToken
    return frozenset(_text(payload.get("scope")).split(" ")), revision


def _delegates(act: Any) -> tuple[str, ...]:
    """Return who acts now, then whom each has the right from (RFC 8693, section 4.1)."""
    clients: list[str] = []
    while act is not None:
        if not isinstance(act, dict) or len(clients) == MAX_DELEGATES:
            raise InvalidToken
        clients.append(_text(act.get("sub")))
        act = act.get("act")
    if not clients:
        raise InvalidToken
    return tuple(clients)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidToken
    return value


def _id(prefix: Prefix, text: Any) -> UUID:
    value = decode_id(prefix, text) if isinstance(text, str) else None
    if value is None:
        raise InvalidToken
    return value
