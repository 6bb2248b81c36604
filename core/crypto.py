"""Secrets at rest: digests for those that are only compared, encryption for those that are read again."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterator

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unavailable(Exception):
    """This does not work until the operator fixes the configuration. /readyz says what is missing."""


class SecretUnreadable(Unavailable):
    """A secret was encrypted with a SECRET_KEY that is neither the current one nor in SECRET_KEY_FALLBACKS."""


class InvalidCredential(Exception):
    """This is not a credential that was issued here."""


def new_secret() -> str:
    """Return 256 random bits as text that is safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Hash a random secret for storage. Passwords are hashed with Argon2 instead."""
    return hashlib.sha256(secret.encode()).digest()


def wrap(start: str, body: bytes) -> str:
    """Encode the bytes of a credential as text, with a prefix that shows its kind."""
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
    """Derive the key of a purpose from SECRET_KEY, and then from each of its fallbacks."""
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
