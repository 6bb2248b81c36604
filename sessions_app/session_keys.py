"""A session's own credential, for whoever keeps one and not a pair of tokens: a browser's cookie, a tool's header.

It is as good as its session, and no longer: there is nothing in it to run out, to refresh or to read.
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
    """Whose it is can be read from it; that it is theirs, only its digest tells."""

    session_id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, session_id: UUID) -> Self:
        return cls(session_id, secrets.token_bytes(SECRET))

    @classmethod
    def of(cls, body: bytes) -> Self:
        return cls(UUID(bytes=body[:ID]), body[ID : ID + SECRET])

    @property
    def digest(self) -> bytes:
        return digest(self.secret.hex())


class SessionKey(SessionSecret):
    @classmethod
    def read(cls, text: str) -> "SessionKey":
        return cls.of(unwrap(START, text, ID + SECRET))

    def __str__(self) -> str:
        return wrap(START, self.session_id.bytes + self.secret)
