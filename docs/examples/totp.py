"""Print the six digits that an authenticator app shows now: python3 totp.py SECRET, as enrolling returns it."""

import base64
import hmac
import struct
import sys
import time


def totp(secret: str, at: float) -> str:
    """RFC 6238 with its defaults: SHA-1, 30 seconds, six digits."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06d}"


print(totp(sys.argv[1], time.time()))
