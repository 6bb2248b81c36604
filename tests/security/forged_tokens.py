"""Builds access tokens piece by piece, so that tests can forge each piece."""

import base64
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from accounts.keyring import ring

Json = dict[str, Any] | bytes


def encoded(part: Json) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "==")


def header_of(token: str | None) -> dict[str, Any]:
    return jwt.get_unverified_header(str(token))


def claims_of(token: str | None) -> dict[str, Any]:
    return jwt.decode(str(token), options={"verify_signature": False})


def signed(header: Json, claims: Json, key: rsa.RSAPrivateKey | None = None) -> str:
    """With the very key that signs for the product, unless another is given: the signature is not what is wrong."""
    key = key or ring.signer()[1]
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def reworded(token: str | None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """This token with other members, properly signed; a member that is `...` is left out."""
    return signed(_without_gaps(header_of(token) | (header or {})), _without_gaps(claims_of(token) | claims))


def _without_gaps(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ...}
