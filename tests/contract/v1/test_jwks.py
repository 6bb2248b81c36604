"""The published JSON Web Key Set."""

from typing import Any

import jwt
from django.conf import settings

from accounts.models import SigningKey
from tests.cells import cells
from tests.contract.v1.answers import LOGIN, data_of
from tests.world import PASSWORD, World

PATHS = ["/.well-known/jwks.json", "/api/v1/platform/.well-known/jwks.json"]


def published(world: World, path: str = PATHS[0]) -> list[dict[str, Any]]:
    answer = world.nobody.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json().keys() == {"keys"}
    return answer.json()["keys"]


@cells("path", PATHS)
class TestJwks:
    def test_contains_public_key_parameters_only(self, path, world: World):
        [key] = published(world, path)
        assert key.keys() == {"kid", "kty", "use", "alg", "n", "e"}
        assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
        assert key["kid"] == SigningKey.objects.get().kid

    def test_verifies_issued_access_tokens(self, path, world: World):
        body = {"email": world.person("grace", world.north).email, "password": PASSWORD}
        data = data_of(world.nobody.post(LOGIN, body))
        keys = jwt.PyJWKSet.from_dict({"keys": published(world, path)})
        for token in (data["access_token"], world.service().token):
            key = keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, algorithms=["RS256"], audience=settings.AUDIENCE, issuer=settings.ISSUER)
            assert claims["sub"] in (data["user"]["id"], "service-")

    def test_may_be_cached_as_long_as_a_new_key_waits_before_signing(self, path, world: World):
        assert world.nobody.get(path)["Cache-Control"] == "max-age=5"

    def test_ignores_a_stale_credential(self, path, world: World):
        stale = world.nobody.get(path, headers={"Authorization": "Bearer something old"})
        assert stale.json()["keys"] == published(world, path)


def test_private_signing_key_is_stored_encrypted(world: World):
    key = SigningKey.objects.get()
    assert b"PRIVATE" not in bytes(key.private_pem)
    assert key.public_pem.startswith("-----BEGIN PUBLIC KEY-----")
