"""Refresh tokens: 256 random bits, the id of their session, and a seal that proves that we issued them.

A token's successor is derived from it, so a repeated refresh returns the same one. The seal recognises used tokens
for good, without a row for each: only a token that we issued can revoke a session as a replay.
"""

import hmac
from collections.abc import Iterator

from core.crypto import InvalidCredential, keys_for, unwrap, wrap
from sessions_app.session_keys import ID, SECRET, SessionSecret

START = "cfr_"
_SEAL = 16


class RefreshToken(SessionSecret):
    @classmethod
    def read(cls, text: str) -> "RefreshToken":
        body = unwrap(START, text, ID + SECRET + _SEAL)
        token = cls.from_bytes(body)
        if not any(hmac.compare_digest(seal, body[-_SEAL:]) for seal in token.seals()):
            raise InvalidCredential
        return token

    def successor(self) -> "RefreshToken":
        return next(self.successors())

    def successors(self) -> Iterator["RefreshToken"]:
        """Derive the successor with the current key, then with each key that it replaced."""
        for key in keys_for("refresh successor"):
            yield RefreshToken(self.session_id, hmac.digest(key, self.secret, "sha256"))

    def __str__(self) -> str:
        return wrap(START, self.session_id.bytes + self.secret + next(self.seals()))

    def seals(self) -> Iterator[bytes]:
        for key in keys_for("refresh seal"):
            yield hmac.digest(key, self.session_id.bytes + self.secret, "sha256")[:_SEAL]
