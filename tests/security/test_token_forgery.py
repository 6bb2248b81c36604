"""Forged, altered and expired access tokens are refused (RFC 8725)."""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.keyring import ring
from accounts.models import User
from core.access import Scope
from core.ids import Prefix
from tests.cells import cells
from tests.security.forged_tokens import claims_of, decoded, encoded, header_of, reworded, signed
from tests.world import Caller, World, some_id

ME = "/api/v1/me"
REFUSED = {"detail": "Not authenticated"}


def is_refused(token: str) -> bool:
    answer = Caller(token).get(ME)
    if answer.status_code != 401:
        return False
    return answer.json() == REFUSED and answer["WWW-Authenticate"] == "Bearer"


def who(token: str) -> str | None:
    """Whom this token is taken for."""
    answer = Caller(token).get(ME)
    assert answer.status_code in (200, 401), answer.content
    return answer.json()["data"]["id"] if answer.status_code == 200 else None


@pytest.fixture
def strangers_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_handmade_token_with_valid_claims_is_accepted(world: World):
    """Shows that the tokens below are refused for their content only."""
    assert who(reworded(world.ada.token)) == world.ada.user.handle
    assert who(signed(header_of(world.ada.token), claims_of(world.ada.token))) == world.ada.user.handle


def test_token_over_4096_characters_is_refused(world: World):
    assert who(reworded(world.ada.token, x="y" * 2_000)) == world.ada.user.handle
    assert is_refused(reworded(world.ada.token, x="y" * 4_096))


class TestAlgorithm:
    @cells("alg", ["none", "None", "nOnE", "NONE", "", None, ["RS256"], 256])
    def test_none_is_refused(self, alg, world: World):
        token = f"{encoded(header_of(world.ada.token) | {'alg': alg})}.{encoded(claims_of(world.ada.token))}"
        own = str(world.ada.token).rpartition(".")[2]
        assert all(is_refused(each) for each in (f"{token}.", token, f"{token}.{own}", f"{token}.{encoded(b'x')}"))

    @cells("alg", ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 "])
    def test_any_algorithm_but_rs256_is_refused(self, alg, world: World):
        assert is_refused(reworded(world.ada.token, {"alg": alg}))

    @cells("alg", ["HS256", "RS256"])
    def test_public_key_as_hmac_secret_is_refused(self, alg, world: World):
        public = ring.signer()[1].public_key()
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        pem = public.public_bytes(serialization.Encoding.PEM, spki)
        jwk = next(key.as_jwk() for key in ring.published())
        secrets = [
            pem,
            pem.strip(),
            pem.replace(b"\n", b""),
            public.public_bytes(serialization.Encoding.DER, spki),
            public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1),
            json.dumps(jwk).encode(),
            json.dumps(jwk, separators=(",", ":")).encode(),
            decoded(jwk["n"]),
            b"",
        ]
        text = f"{encoded(header_of(world.ada.token) | {'alg': alg})}.{encoded(claims_of(world.ada.token))}"
        for secret in secrets:
            assert is_refused(f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}")


class TestSignature:
    def test_missing_or_altered_signature_is_refused(self, world: World):
        token = str(world.ada.token)
        text, _, signature = token.rpartition(".")
        last = bytearray(decoded(signature))
        last[-1] ^= 1
        for spoilt in (text, f"{text}.", f"{text}.{signature[:-4]}", f"{text}.{encoded(bytes(last))}", f"{token}."):
            assert is_refused(spoilt)

    def test_signature_covers_every_byte(self, world: World):
        header, payload, signature = str(world.ada.token).split(".")
        spaced = encoded(json.dumps(claims_of(world.ada.token), indent=1).encode())
        sorted_header = encoded(json.dumps(header_of(world.ada.token), sort_keys=True, indent=1).encode())
        assert is_refused(f"{header}.{spaced}.{signature}")
        assert is_refused(f"{sorted_header}.{payload}.{signature}")
        assert is_refused(f"{header}.{payload}=.{signature}x")

    def test_signature_of_another_token_is_refused(self, world: World):
        alans = str(world.alan.token).rpartition(".")[2]
        assert is_refused(f"{str(world.ada.token).rpartition('.')[0]}.{alans}")

    def test_signature_by_another_key_is_refused(self, world: World, strangers_key: rsa.RSAPrivateKey):
        assert is_refused(signed(header_of(world.ada.token), claims_of(world.ada.token), strangers_key))


class TestKeyId:
    @cells(
        "kid",
        [
            "../../dev/null",
            "/dev/null",
            "' OR 1=1--",
            "0" * 26,
            "",
            None,
            [],
            ["x"],
            {"x": 1},
            0,
            True,
            "x" * 2_000,
            "x" * 65_536,
            "\0" * 26,
            "é" * 26,
        ],
        ids=lambda kid: repr(kid)[:20],
    )
    def test_unknown_key_id_is_refused_without_a_query(self, kid, world: World):
        token = reworded(world.ada.token, {"kid": kid})
        ring.clear()
        ring.published()
        with CaptureQueriesContext(connection) as asked:
            assert is_refused(token)
        assert asked.captured_queries == []

    def test_missing_key_id_is_refused(self, world: World):
        assert is_refused(reworded(world.ada.token, {"kid": ...}))


@pytest.fixture
def listener() -> Iterator[tuple[str, list[Any]]]:
    """Somebody else's server: its address, and who has called."""
    callers: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    caller, address = server.accept()
                except OSError:
                    return
                callers.append(address)
                caller.close()

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/jwks.json", callers
        server.shutdown(socket.SHUT_RDWR)
    listening.join(timeout=5)


class TestKeyReferenceHeaders:
    def pointers(self, url: str, key: rsa.RSAPrivateKey) -> list[dict[str, Any]]:
        jwk = {
            **next(each.as_jwk() for each in ring.published()),
            "n": encoded(key.public_key().public_numbers().n.to_bytes(256)),
        }
        return [
            {"jku": url},
            {"x5u": url},
            {"jwk": jwk},
            {"x5c": ["MIIB"]},
            {"x5t": "abc", "x5t#S256": "abc"},
            {"jku": url, "kid": url},
            {"cty": "JWT"},
            {"zip": "DEF"},
            {"b64": False, "crit": ["b64"]},
            {"crit": ["exp"]},
            {"crit": []},
            {"url": url},
        ]

    def test_embedded_or_referenced_key_is_ignored_and_never_fetched(
        self, world: World, strangers_key: rsa.RSAPrivateKey, listener
    ):
        url, callers = listener
        for pointer in self.pointers(url, strangers_key):
            header = header_of(world.ada.token) | pointer
            assert is_refused(signed(header, claims_of(world.ada.token)))
            assert is_refused(signed(header, claims_of(world.ada.token), strangers_key))
        time.sleep(0.05)
        assert callers == []
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1].partition("/")[0]))):
            give_up = time.monotonic() + 5
            while not callers and time.monotonic() < give_up:
                time.sleep(0.01)
        assert len(callers) == 1  # it was listening


class TestTokenType:
    @cells("typ", ["JWT", "jwt", "logout+jwt", "refresh", "AT+JWT", "application/at+jwt", "at+jwt ", "", None, [], ...])
    def test_any_type_but_access_token_is_refused(self, typ, world: World):
        assert is_refused(reworded(world.ada.token, {"typ": typ}))

    def test_other_credentials_are_refused(self, world: World):
        for credential in (world.ada.refresh_token, world.ada.session_id, world.ada.user.handle):
            assert is_refused(str(credential))


class TestClaims:
    NOW = int(time.time())
    LIES: dict[str, Callable[[World], dict[str, Any]]] = {
        "aud missing": lambda _: {"aud": ...},
        "aud wrong": lambda _: {"aud": "another"},
        "aud null": lambda _: {"aud": None},
        "aud empty": lambda _: {"aud": ""},
        "aud a list with ours": lambda _: {"aud": ["curfew"]},
        "aud a list with a stranger": lambda _: {"aud": ["curfew", "another"]},
        "aud a longer one": lambda _: {"aud": "curfew2"},
        "iss missing": lambda _: {"iss": ...},
        "iss wrong": lambda _: {"iss": "https://evil.example"},
        "iss null": lambda _: {"iss": None},
        "iss a list": lambda _: {"iss": ["curfew"]},
        "exp a second ago": lambda _: {"exp": int(time.time()) - 1},
        "exp now": lambda _: {"exp": int(time.time())},
        "exp missing": lambda _: {"exp": ...},
        "exp null": lambda _: {"exp": None},
        "exp text": lambda _: {"exp": str(int(time.time()) + 600)},
        "exp a float": lambda _: {"exp": time.time() + 600},
        "exp enormous": lambda _: {"exp": 1e308},
        "exp in the year 10000": lambda _: {"exp": 253_402_300_800},
        "exp beyond what a system's clock counts": lambda _: {"exp": 10**18},
        "exp beyond 64 bits": lambda _: {"exp": 10**30},
        "exp infinite": lambda _: {"exp": float("inf")},
        "exp not a number": lambda _: {"exp": float("nan")},
        "exp negative": lambda _: {"exp": -1},
        "exp true": lambda _: {"exp": True},
        "exp a list": lambda _: {"exp": [1]},
        "nbf in the future": lambda _: {"nbf": int(time.time()) + 60},
        "nbf text": lambda _: {"nbf": "soon"},
        "nbf a list": lambda _: {"nbf": [1]},
        "iat in the future": lambda _: {"iat": int(time.time()) + 60},
        "iat missing": lambda _: {"iat": ...},
        "iat text": lambda _: {"iat": str(int(time.time()))},
        "iat a float": lambda _: {"iat": time.time() - 1},
        "iat null": lambda _: {"iat": None},
        "jti missing": lambda _: {"jti": ...},
        "jti a number": lambda _: {"jti": 1},
        "sub missing": lambda _: {"sub": ...},
        "sub null": lambda _: {"sub": None},
        "sub a list": lambda world: {"sub": [world.ada.user.handle]},
        "sub of somebody else": lambda world: {"sub": world.alan.user.handle},
        "sub of a super admin": lambda world: {"sub": world.super_admin.user.handle},
        "sub of nobody": lambda _: {"sub": some_id(Prefix.USER)},
        "sub not an id": lambda _: {"sub": "ada"},
        "sub another kind of id": lambda world: {"sub": world.ada.session_id},
        "sid missing": lambda _: {"sid": ...},
        "sid null": lambda _: {"sid": None},
        "sid of somebody else": lambda world: {"sid": world.alan.session_id},
        "sid of nobody": lambda _: {"sid": some_id(Prefix.SESSION)},
        "sid not an id": lambda _: {"sid": "ses_"},
        "sid a dictionary": lambda _: {"sid": {"": ""}},
        "a platform token of a user": lambda _: {"platform_token": True},
        "a platform token of an application": lambda world: {
            "platform_token": True,
            "sub": world.make_service("x", list(Scope)).client_id,
            "scope": "admin:write",
        },
    }

    @cells("lie", LIES)
    def test_altered_or_missing_claim_is_refused(self, lie, world: World):
        assert is_refused(reworded(world.ada.token, **self.LIES[lie](world)))

    @cells("payload", [b"[]", b'"x"', b"null", b"1", b"", b"{", b"\xff", b"[" * 3_000, b'{"a":' * 600])
    def test_payload_that_is_no_object_is_refused(self, payload, world: World):
        assert is_refused(signed(header_of(world.ada.token), payload))

    @cells("header", [b"[]", b'"x"', b"null", b"1", b"", b"{", b"\xff", b"[" * 2_000])
    def test_header_that_is_no_object_is_refused(self, header, world: World):
        assert is_refused(signed(header, claims_of(world.ada.token)))

    @cells("odd", [{"platform_token": 1}, {"platform_token": "true"}, {"nbf": NOW - 60}, {"x": "y"}])
    def test_unknown_claim_is_ignored(self, odd, world: World):
        assert who(reworded(world.ada.token, **odd)) == world.ada.user.handle

    @cells("first", ["sub", "sid", "exp", "aud", "platform_token"])
    def test_last_of_duplicate_claims_wins(self, first, world: World):
        """The genuine claims come last; the earlier ones have no effect."""
        claims = claims_of(world.ada.token) | {"platform_token": False}
        lies = {
            "sub": world.alan.user.handle,
            "sid": world.alan.session_id,
            "exp": 1,
            "aud": "x",
            "platform_token": True,
        }
        twice = b"{" + f'"{first}": {json.dumps(lies[first])}, '.encode() + json.dumps(claims).encode()[1:]
        assert who(signed(header_of(world.ada.token), twice)) in (None, world.ada.user.handle)
        reverse = json.dumps(claims).encode()[:-1] + f', "{first}": {json.dumps(lies[first])}'.encode() + b"}"
        assert who(signed(header_of(world.ada.token), reverse)) is None

    def test_duplicate_algorithm_header_is_refused(self, world: World):
        header = json.dumps(header_of(world.ada.token)).encode()
        for twice in (b'{"alg": "none", ' + header[1:], header[:-1] + b', "alg": "none"}'):
            text = f"{encoded(twice)}.{encoded(claims_of(world.ada.token))}"
            assert is_refused(f"{text}.")


class TestRights:
    CLAIMED = {"role": "super_admin", "scope": "admin:read admin:write", "tier": 4, "is_superuser": True}

    def test_role_and_tenant_are_read_from_the_database(self, world: World):
        elsewhere = {"tenant_id": world.springfield.handle, "partner_id": world.globex.handle}
        answer = Caller(reworded(world.ada.token, **self.CLAIMED, **elsewhere)).get(ME)
        assert answer.status_code == 200
        said = answer.json()["data"]
        assert (said["role"], said["tenant_id"], said["partner_id"]) == ("user", world.north.handle, world.acme.handle)

    def test_token_signed_with_a_client_secret_is_refused(self, world: World):
        """Neither a client secret nor a tenant's key signs access tokens."""
        secret = b"billing-secret"
        for alg in ("HS256", "RS256"):
            header = encoded(header_of(world.ada.token) | {"alg": alg})
            text = f"{header}.{encoded(claims_of(world.ada.token) | self.CLAIMED)}"
            assert is_refused(f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}")

    def test_lost_role_is_effective_on_next_request(self, world: World):
        admin = world.north_admin
        User.objects.filter(pk=admin.user.pk).update(role="user")
        assert claims_of(admin.token)["role"] == "tenant_admin"
        assert admin.get(ME).json()["data"]["role"] == "user"


class TestBearerHeader:
    def asked(self, value: str) -> int:
        return Caller().get(ME, headers={"Authorization": value}).status_code

    def test_scheme_is_case_insensitive(self, world: World):
        assert [self.asked(f"{scheme} {world.ada.token}") for scheme in ("Bearer", "bearer", "BEARER")] == [200] * 3

    def test_anything_but_exactly_one_token_is_401(self, world: World):
        token = world.ada.token
        odd = [
            "Bearer",
            "Bearer ",
            f"Bearer  {token}",
            f"Bearer\t{token}",
            f"Bearer{token}",
            f"Bearer {token} {token}",
            f"Bearer {token},Bearer {token}",
            f"Bearer {token}, Basic x",
            f"Basic {token}",
            f"Token {token}",
            f'Bearer "{token}"',
            str(token),
            "Bearer " + "x" * 16_384,
            f"Bearer {token}{'x' * 16_384}",
            "Bearer é",
            "Bearer ...",
            "Bearer a.b.c",
            "Bearer curfew_",
        ]
        assert {value[:30]: self.asked(value) for value in odd} == {value[:30]: 401 for value in odd}


class TestTokenIds:
    def test_token_and_session_ids_are_unique(self, world: World):
        callers = [world.signed_in(world.ada.user) for _ in range(50)]
        for name in ("jti", "sid"):
            assert len({claims_of(each.token)[name] for each in callers}) == 50
        assert len({each.refresh_token for each in callers}) == 50

    def test_token_ids_are_random_256_bits(self, world: World):
        jtis = [claims_of(world.signed_in(world.ada.user).token)["jti"] for _ in range(20)]
        assert all(len(decoded(each)) == 32 for each in jtis)
        assert jtis != sorted(jtis)
        assert jtis != sorted(jtis, reverse=True)
