"""Session keys: one credential for a session, for browsers' cookies and tools that do not use a pair of tokens.

A key is valid exactly as long as its session. It holds no expiry and no claims, and is never refreshed.
"""

import secrets
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from core.crypto import digest, unwrap, wrap

START = "cfs_"
ID, SECRET = 16, 32


@dataclass(frozen=True, slots=True)
class SessionSecret:
    """A session id and a secret. The secret is verified by its digest."""

    session_id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, session_id: UUID) -> Self:
        return cls(session_id, secrets.token_bytes(SECRET))

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        return cls(UUID(bytes=body[:ID]), body[ID : ID + SECRET])

    @property
    def digest(self) -> bytes:
        return digest(self.secret.hex())


class SessionKey(SessionSecret):
    @classmethod
    def read(cls, text: str) -> "SessionKey":
        return cls.from_bytes(unwrap(START, text, ID + SECRET))

    def __str__(self) -> str:
        return wrap(START, self.session_id.bytes + self.secret)
