"""Access tokens as signed JWTs: simplejwt's token and backend, with the headers and the keys that ours have.

What a token claims is read in `accounts.tokens`. Nothing else of simplejwt is used in the domain.
"""

import json
from datetime import timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from jwt.utils import base64url_decode
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts.keyring import ring
from core.crypto import new_secret

ALGORITHM = "RS256"
TYPE = api_settings.TOKEN_TYPE_CLAIM
CLOCK_SKEW = 5  # seconds, between the process that signed and this one
MAX_LENGTH = 4096
_HEADER = {"alg", "kid", "typ"}
_CLAIM_TYPES = {"iss": str, "aud": str, "sub": str, "jti": str, "iat": int, "exp": int}


class KeyRingBackend(TokenBackend):
    """Sign one token with the newest key of the ring, or verify it with the key that its header names.

    simplejwt keeps a token's type among its claims. Ours is the header `typ` (RFC 9068), so it is moved there and back.
    """

    kid = ""

    def __init__(self) -> None:
        super().__init__(ALGORITHM, audience=settings.AUDIENCE, issuer=settings.ISSUER, leeway=CLOCK_SKEW)

    def encode(self, payload: dict[str, Any]) -> str:
        claims = payload | {"iss": self.issuer, "aud": self.audience}
        self.kid, key = ring.signer()
        headers = {"typ": claims.pop(TYPE), "kid": self.kid}
        return jwt.encode(claims, key, algorithm=self.algorithm, headers=headers)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        header = read_header(token)
        self.kid = header["kid"]
        try:
            claims = super().decode(token, verify)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenBackendError("Token is malformed") from error
        return claims | {TYPE: header["typ"], "kid": self.kid}

    def get_verifying_key(self, token: Any) -> rsa.RSAPublicKey:
        key = ring.public(self.kid)
        if key is None:
            raise TokenBackendError("Key is unknown or retired")
        return key


class AccessToken(Token):
    """A token whose claims are all there, each of the type that we write."""

    token_type = "at+jwt"  # noqa: S105 - the name of a type
    lifetime = timedelta(minutes=10)

    @cached_property
    def token_backend(self) -> KeyRingBackend:
        return KeyRingBackend()

    def set_jti(self) -> None:
        self.payload["jti"] = new_secret()

    def verify(self) -> None:
        # PyJWT accepts an audience in a list and times as text. We write neither, so such a token is not ours.
        if not all(type(self.payload.get(name)) is kind for name, kind in _CLAIM_TYPES.items()):
            raise TokenError("A claim is missing or of another type")
        try:
            super().verify()
        except (ValueError, OverflowError, OSError) as error:  # no datetime is that late
            raise TokenError("A time is out of range") from error


def read_header(token: str) -> dict[str, str]:
    """Return the header if it has our three members and no other, such as one that points to a key."""
    if len(token) > MAX_LENGTH:
        raise TokenBackendError("Token is too long")
    try:
        header = json.loads(base64url_decode(token.partition(".")[0]))  # `decode` parses and verifies the whole token
    except (ValueError, RecursionError) as error:
        raise TokenBackendError("Header is malformed") from error
    if not isinstance(header, dict) or header.keys() != _HEADER or header["alg"] != ALGORITHM:
        raise TokenBackendError("Header is not one of ours")
    if not isinstance(header["kid"], str):
        raise TokenBackendError("Key id is malformed")
    return header
