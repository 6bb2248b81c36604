"""The signing keys in a process's memory, read from the database every few seconds.

A key is published for a while before it first signs, so that every process has read it before the first token.
An unknown `kid` is therefore refused without a query.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from accounts.models import SigningKey
from core import crypto

REREAD_AFTER = timedelta(seconds=5)
PUBLISHED_AHEAD = 2 * REREAD_AFTER
PURPOSE = "signing keys"


class NoSigningKey(crypto.Unavailable):
    """No key can sign. `manage.py rotate_signing_key --now` creates one."""


@dataclass(frozen=True, slots=True)
class Key:
    kid: str
    public: rsa.RSAPublicKey
    sealed_private: bytes
    signs_from: datetime
    verifies_until: datetime | None

    def may_verify(self, now: datetime) -> bool:
        return self.verifies_until is None or now < self.verifies_until

    def may_sign(self, now: datetime) -> bool:
        return self.signs_from <= now and self.may_verify(now)

    def as_jwk(self) -> dict[str, Any]:
        jwk = RSAAlgorithm.to_jwk(self.public, as_dict=True)
        return {"kid": self.kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": jwk["n"], "e": jwk["e"]}


class KeyRing:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._private: tuple[str, rsa.RSAPrivateKey] | None = None
        self._reread_at = 0.0

    def clear(self) -> None:
        with self._lock:
            self._keys, self._private, self._reread_at = {}, None, 0.0

    def public(self, kid: str) -> rsa.RSAPublicKey | None:
        key = self._current().get(kid)
        return key.public if key and key.may_verify(datetime.now(UTC)) else None

    def published(self) -> list[Key]:
        now = datetime.now(UTC)
        return [key for key in self._current().values() if key.may_verify(now)]

    def signer(self) -> tuple[str, rsa.RSAPrivateKey]:
        """Return the newest key that may sign, and its id."""
        now = datetime.now(UTC)
        keys = [key for key in self._current().values() if key.may_sign(now)]
        if not keys:
            raise NoSigningKey
        newest = max(keys, key=lambda key: key.signs_from)
        cached = self._private  # read once: another thread may replace it
        if cached is None or cached[0] != newest.kid:
            pem = crypto.unseal(newest.sealed_private, purpose=PURPOSE)
            cached = (newest.kid, cast(rsa.RSAPrivateKey, serialization.load_pem_private_key(pem, password=None)))
            self._private = cached
        return cached

    def _current(self) -> dict[str, Key]:
        with self._lock:
            if time.monotonic() >= self._reread_at:
                self._keys = {row.kid: _read(row) for row in SigningKey.objects.all()}
                self._reread_at = time.monotonic() + REREAD_AFTER.total_seconds() if self._keys else 0.0
            return self._keys


def _read(row: SigningKey) -> Key:
    public = serialization.load_pem_public_key(row.public_pem.encode())
    return Key(row.kid, cast(rsa.RSAPublicKey, public), bytes(row.private_pem), row.signs_from, row.verifies_until)


ring = KeyRing()
