"""Verified signatures are cached; expiry, key, session and settings are checked on each request."""

import time

import pytest
from django.db.models import F

from accounts import tokens
from accounts.keyring import ring
from accounts.models import SigningKey
from tests.security.forged_tokens import claims_of, header_of, signed
from tests.world import World

ME = "/api/v1/me"


@pytest.fixture(autouse=True)
def ring_of_its_own():
    """Whatever a test does to the keys, the next one reads them anew."""
    ring.clear()
    yield
    ring.clear()


def is_refused(token: str) -> bool:
    try:
        tokens.verify(token)
    except tokens.InvalidToken:
        return True
    return False


class TestCachedToken:
    def test_is_refused_after_its_expiry(self, world: World):
        token = signed(header_of(world.ada.token), claims_of(world.ada.token) | {"exp": int(time.time()) + 2})
        assert not is_refused(token)
        time.sleep(2.1)
        assert is_refused(token)

    def test_is_refused_after_its_key_has_retired(self, world: World):
        assert not is_refused(world.ada.token)
        SigningKey.objects.update(verifies_until=F("created_at"))
        ring.clear()
        assert is_refused(world.ada.token)

    def test_is_refused_after_its_session_is_revoked(self, world: World):
        assert world.ada.get(ME).status_code == 200
        world.ada.post("/api/v1/auth/logout")
        assert world.ada.get(ME).status_code == 401

    @pytest.mark.parametrize("setting", ["ISSUER", "AUDIENCE"])
    def test_is_refused_after_issuer_or_audience_changed(self, setting: str, world: World, settings):
        assert not is_refused(world.ada.token)
        setattr(settings, setting, "somebody else")
        assert is_refused(world.ada.token)

    def test_does_not_make_a_similar_token_valid(self, world: World):
        assert not is_refused(world.ada.token)
        head, _, signature = world.ada.token.rpartition(".")
        assert is_refused(f"{head}.{world.alan.token.rpartition('.')[2]}")
        assert is_refused(f"{head}.{signature[:-8]}{signature[-4:]}{signature[-8:-4]}")

    def test_number_of_cached_tokens_is_limited(self, world: World, monkeypatch):
        monkeypatch.setattr(tokens, "MAX_CACHED", 2)
        monkeypatch.setattr(tokens, "_verified", {})
        seen = [caller.token for caller in (world.ada, world.alan, world.katherine, world.lisa)]
        assert not any(is_refused(token) for token in seen * 2)
        assert len(tokens._verified) <= 2
