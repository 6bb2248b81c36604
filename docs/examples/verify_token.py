"""Whose token is this? Verifies an access token with the public keys alone, which needs PyJWT.

It does not learn of revocations: somebody who was signed out is let in until the token expires, at most 10 minutes.
To know at once, send the token to GET /api/v1/me instead.

CURFEW=http://127.0.0.1:8000 TOKEN=eyJ... python verify_token.py
"""

import os
from typing import Any

import jwt

ISSUER = os.environ.get("ISSUER", "curfew")
AUDIENCE = os.environ.get("AUDIENCE", "curfew")
KEPT = 5  # seconds, as Cache-Control says: so long may a key that was withdrawn still be accepted
KEYS = jwt.PyJWKClient(f"{os.environ['CURFEW']}/.well-known/jwks.json", lifespan=KEPT)


class Refused(Exception):
    """This is not an access token of a user."""


def claims_of(token: str) -> dict[str, Any]:
    try:
        if jwt.get_unverified_header(token).get("typ") != "at+jwt":
            raise Refused("it is not an access token")
        key = KEYS.get_signing_key_from_jwt(token).key
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], issuer=ISSUER, audience=AUDIENCE, options={"require": ["exp", "sub"]}
        )
    except jwt.PyJWTError as error:
        raise Refused(str(error)) from error
    if "sid" not in claims:
        raise Refused("it belongs to a service or an agent")
    if "act" in claims:
        raise Refused("a client acts for the user; accept it only if you mean to")
    return claims


def main() -> None:
    try:
        claims = claims_of(os.environ["TOKEN"])
    except Refused as refusal:
        raise SystemExit(f"Refused: {refusal}.") from refusal
    print(f"{claims['sub']} in session {claims['sid']}, as {claims['role']}")


if __name__ == "__main__":
    main()
