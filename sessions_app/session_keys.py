"""A session's own credential, for whoever keeps one and not a pair of tokens: a browser's cookie, a tool's header.

It is as good as its session, and no longer: there is nothing in it to run out, to refresh or to read.
"""

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from core.secrets import digest, unwrap, wrap

START = "cfs_"
_ID, _SECRET = 16, 32


@dataclass(frozen=True, slots=True)
class SessionKey:
    session_id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, session_id: UUID) -> "SessionKey":
        return cls(session_id, secrets.token_bytes(_SECRET))

    @classmethod
    def read(cls, text: str) -> "SessionKey":
        body = unwrap(START, text, _ID + _SECRET)
        return cls(UUID(bytes=body[:_ID]), body[_ID:])

    @property
    def digest(self) -> bytes:
        return digest(self.secret.hex())

    def __str__(self) -> str:
        return wrap(START, self.session_id.bytes + self.secret)
