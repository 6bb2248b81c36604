"""Secrets at rest: digests for what we only recognise, sealing for what we must read again."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterator

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unavailable(Exception):
    """Cannot be done until the operator of this installation acts; /readyz says what is missing."""


class SecretUnreadable(Unavailable):
    """Sealed under a SECRET_KEY that is neither the current one nor among SECRET_KEY_FALLBACKS."""


class InvalidCredential(Exception):
    """Not a credential that was ever issued here."""


def new_secret() -> str:
    """256 random bits, in letters that survive URLs and headers."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """How a high-entropy secret is stored. Passwords are Argon2's business."""
    return hashlib.sha256(secret.encode()).digest()


def wrap(start: str, body: bytes) -> str:
    """A credential of several parts, as text that says what it is."""
    return start + base64.urlsafe_b64encode(body).decode().rstrip("=")


def unwrap(start: str, text: str, length: int) -> bytes:
    try:
        body = base64.b64decode(text.removeprefix(start) + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidCredential from error
    if not text.startswith(start) or len(body) != length:
        raise InvalidCredential
    return body


def keys_for(purpose: str) -> Iterator[bytes]:
    """A key per purpose under SECRET_KEY, then under each of its fallbacks."""
    for root in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield hmac.digest(root.encode(), f"curfew:{purpose}".encode(), "sha256")


def seal(plain: bytes, *, purpose: str) -> bytes:
    return _box(purpose).encrypt(plain)


def unseal(sealed: bytes, *, purpose: str) -> bytes:
    try:
        return _box(purpose).decrypt(bytes(sealed))
    except InvalidToken as error:
        raise SecretUnreadable(purpose) from error


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys_for(purpose)])
