"""Refresh tokens: 256 bits, the handle of their session, and a seal that tells ours from a guess.

A token's successor is derived from it, so whoever asks twice is told the same. The seal lets a spent token be
recognised for good, without keeping a row for each: only what we once issued can end a session as a replay.
"""

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from core.secrets import NotOurs, digest, keys_for, unwrap, wrap

START = "cfr_"
_ID, _SECRET, _SEAL = 16, 32, 16


@dataclass(frozen=True, slots=True)
class RefreshToken:
    session_id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, session_id: UUID) -> "RefreshToken":
        return cls(session_id, secrets.token_bytes(_SECRET))

    @classmethod
    def read(cls, text: str) -> "RefreshToken":
        body = unwrap(START, text, _ID + _SECRET + _SEAL)
        token = cls(UUID(bytes=body[:_ID]), body[_ID : _ID + _SECRET])
        if not any(hmac.compare_digest(seal, body[-_SEAL:]) for seal in token._seals()):
            raise NotOurs
        return token

    @property
    def digest(self) -> bytes:
        return digest(self.secret.hex())

    def successor(self) -> "RefreshToken":
        return next(self.successors())

    def successors(self) -> Iterator["RefreshToken"]:
        """Under the current key first, then under each that it replaced."""
        for key in keys_for("refresh successor"):
            yield RefreshToken(self.session_id, hmac.digest(key, self.secret, "sha256"))

    def __str__(self) -> str:
        return wrap(START, self.session_id.bytes + self.secret + next(self._seals()))

    def _seals(self) -> Iterator[bytes]:
        for key in keys_for("refresh seal"):
            yield hmac.digest(key, self.session_id.bytes + self.secret, "sha256")[:_SEAL]
