"""Access tokens: signed statements of who one claims to be. What one may do is read from the database, never from here.

The only module that imports PyJWT.
"""

import re
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from accounts.keyring import ring
from core.crypto import digest, new_secret
from core.ids import Prefix, decode_id

ALGORITHM = "RS256"
TYPE = "at+jwt"
ACCESS_LIFETIME = 600
AGENT_LIFETIME = 3600
MOST_DELEGATES = 4  # each in the name of the one before
CLOCKS_DIFFER = 5  # seconds, between the process that signed and this one
MAX_LENGTH = 4096
SEEN_AT_MOST = 10_000  # tokens, a few megabytes
_HEADER = {"alg", "kid", "typ"}
_KID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


class InvalidToken(Exception):
    """One reason for every flaw: a caller learns nothing from how a token failed."""


class Expired(InvalidToken):
    """But that it was good once, which whoever has it knows."""


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
    """A client that acts for whoever has the session; behind it, those that it has the right from."""

    session: SessionClaims
    clients: tuple[str, ...]
    scopes: frozenset[str]
    revision: int
    kid: str


Claims = SessionClaims | PlatformClaims | AgentClaims | DelegateClaims
_seen: dict[tuple[bytes, str, str], tuple[Claims, int]] = {}


def require_key() -> None:
    """Raise NoSigningKey before anything has happened that a token would have to follow."""
    ring.signer()


def sign(claims: dict[str, Any], lifetime: int, *, until: int | None = None) -> str:
    """`until` is a moment that it must not outlive."""
    now = int(time.time())
    expires_at = now + lifetime if until is None else min(now + lifetime, until)
    kid, key = ring.signer()
    stamped = {"iss": settings.ISSUER, "aud": settings.AUDIENCE, "iat": now, "exp": expires_at, "jti": new_secret()}
    return jwt.encode(stamped | claims, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": kid})


def verify(token: str) -> Claims:
    """What a token says, if we signed it and it has not expired. Whether that still holds is for the database.

    That a signature is right does not change, so it is looked at once; its key and its end are looked at every time.
    """
    fingerprint = (digest(token), settings.ISSUER, settings.AUDIENCE)
    seen = _seen.get(fingerprint)
    if seen is None:
        seen = _verified(token)
        if len(_seen) >= SEEN_AT_MOST:
            _seen.clear()
        _seen[fingerprint] = seen
    claims, expires_at = seen
    if ring.public(claims.kid) is None:
        raise InvalidToken
    if time.time() >= expires_at:
        raise Expired
    return claims


def _verified(token: str) -> tuple[Claims, int]:
    kid = _kid_of(token)
    key = ring.public(kid)
    if key is None:
        raise InvalidToken
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=settings.AUDIENCE,
            issuer=settings.ISSUER,
            options={"require": ["iss", "aud", "sub", "exp", "iat", "jti"], "strict_aud": True, "verify_iat": False},
        )
    except jwt.ExpiredSignatureError as error:
        raise Expired from error
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidToken from error
    if not all(type(claims[name]) is int for name in ("exp", "iat")):
        raise InvalidToken
    if claims["iat"] > time.time() + CLOCKS_DIFFER:
        raise InvalidToken
    return _read(claims, kid), claims["exp"]


def _read(claims: dict[str, Any], kid: str) -> Claims:
    if claims.get("platform_token") is True:
        return PlatformClaims(_text(claims.get("sub")), *_granted(claims), kid)
    if "agent_id" in claims:
        return AgentClaims(_id(Prefix.AGENT, claims["agent_id"]), _text(claims.get("sub")), *_granted(claims), kid)
    if "act" in claims:
        return DelegateClaims(_session(claims, kid), _delegates(claims["act"]), *_granted(claims), kid)
    return _session(claims, kid)


def _kid_of(token: str) -> str:
    """Our header holds exactly these three; anything else in it is somebody's attempt to be interpreted."""
    if len(token) > MAX_LENGTH:
        raise InvalidToken
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise InvalidToken from error
    kid = header.get("kid")
    if header.keys() != _HEADER or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise InvalidToken
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise InvalidToken
    return kid


def _session(claims: dict[str, Any], kid: str) -> SessionClaims:
    return SessionClaims(
        session_id=_id(Prefix.SESSION, claims.get("sid")),
        user_id=_id(Prefix.USER, claims["sub"]),
        kid=kid,
        expires_at=claims["exp"],
    )


def _granted(claims: dict[str, Any]) -> tuple[frozenset[str], int]:
    revision = claims.get("revision")
    if type(revision) is not int:
        raise InvalidToken
    return frozenset(_text(claims.get("scope")).split(" ")), revision


def _delegates(act: Any) -> tuple[str, ...]:
    """Who acts now, and whom they have it from (RFC 8693, section 4.1)."""
    found: list[str] = []
    while act is not None:
        if not isinstance(act, dict) or len(found) == MOST_DELEGATES:
            raise InvalidToken
        found.append(_text(act.get("sub")))
        act = act.get("act")
    if not found:
        raise InvalidToken
    return tuple(found)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidToken
    return value


def _id(prefix: Prefix, text: Any) -> UUID:
    value = decode_id(prefix, text) if isinstance(text, str) else None
    if value is None:
        raise InvalidToken
    return value
