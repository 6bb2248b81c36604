"""Rotation of the signing key: planned without interruption, or at once after a leak."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from time import sleep
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db.models.functions import Now
from django.utils import timezone

from accounts.keyring import ring
from accounts.models import Application, SigningKey
from core.access import Scope
from tests.proof.browsers import Browser, browsers
from tests.security.forged_tokens import header_of
from tests.servers import Servers
from tests.world import Caller, World

ME = "/api/v1/me"
REFRESH = "/api/v1/auth/refresh"


@pytest.fixture(autouse=True)
def ring_of_its_own() -> Iterator[None]:
    """Whatever a test does to the keys, the next one reads them anew."""
    ring.clear()
    yield
    ring.clear()


def rotate(*options: str) -> SigningKey:
    call_command("rotate_signing_key", *options, stdout=StringIO())
    return SigningKey.objects.latest("created_at")


def published(world: World) -> set[str]:
    return {key["kid"] for key in world.nobody.get("/.well-known/jwks.json").json()["keys"]}


def time_passes(kid: str, **columns: timedelta) -> None:
    """As if so much time had passed for this key, and every process had read its row again."""
    SigningKey.objects.filter(pk=kid).update(**{name: Now() - ago for name, ago in columns.items()})
    ring.clear()


def is_accepted(caller: Caller) -> bool:
    return caller.get(ME).status_code == 200


class TestKeyRotation:
    def test_new_key_is_published_before_it_signs(self, world: World):
        old = header_of(world.ada.token)["kid"]
        new = rotate().pk
        ring.clear()
        assert published(world) == {old, new}
        assert header_of(world.alan.token)["kid"] == old
        assert new != old

    def test_new_key_signs_only_after_every_process_has_read_it(self, world: World):
        wait = rotate().signs_from - timezone.now()
        assert timedelta(seconds=9) < wait <= timedelta(seconds=10)

    def test_new_key_signs_after_the_waiting_time(self, world: World):
        new = rotate().pk
        time_passes(new, signs_from=timedelta(seconds=1))
        assert header_of(world.ada.token)["kid"] == new
        assert is_accepted(world.ada)

    def test_old_tokens_are_valid_until_they_expire(self, world: World):
        old = header_of(world.ada.token)["kid"]
        service = world.service(Scope.ADMIN_READ)
        time_passes(rotate().pk, signs_from=timedelta(seconds=1))
        assert is_accepted(world.ada)
        assert service.get(ME).status_code == 403
        overlap = SigningKey.objects.get(pk=old).verifies_until - timezone.now()
        longest = max(600, *Application.objects.values_list("token_lifetime", flat=True))
        assert timedelta(seconds=longest) < overlap <= timedelta(seconds=longest + 10)

    def test_old_key_is_kept_for_the_longest_token_lifetime(self, world: World):
        old = header_of(world.ada.token)["kid"]
        Application.objects.filter(pk=world.make_service("slow", []).pk).update(token_lifetime=86_400)
        rotate()
        assert SigningKey.objects.get(pk=old).verifies_until - timezone.now() > timedelta(days=1)

    def test_old_tokens_are_refused_after_the_overlap(self, world: World):
        old, service = header_of(world.ada.token)["kid"], world.service(Scope.ADMIN_READ)
        new = rotate().pk
        time_passes(new, signs_from=timedelta(hours=2))
        time_passes(old, created_at=timedelta(days=9), verifies_until=timedelta(seconds=0))
        assert not is_accepted(world.ada)
        assert service.get(ME).status_code == 401
        assert published(world) == {new}

    def test_second_rotation_does_not_extend_the_overlap(self, world: World):
        old = header_of(world.ada.token)["kid"]
        rotate()
        until = SigningKey.objects.get(pk=old).verifies_until
        rotate()
        assert SigningKey.objects.get(pk=old).verifies_until == until

    def test_sessions_and_refresh_tokens_stay_valid(self, world: World):
        old = header_of(world.ada.token)["kid"]
        time_passes(rotate().pk, signs_from=timedelta(seconds=1))
        time_passes(old, created_at=timedelta(days=9), verifies_until=timedelta(seconds=0))
        answer = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token})
        assert is_accepted(Caller(answer.json()["data"]["access_token"]))


class TestImmediateKeyRotation:
    def test_leaked_key_is_refused_at_once_even_if_cached(self, world: World):
        """This process still caches the key, but the database refuses it."""
        service = world.service(Scope.ADMIN_READ)
        assert is_accepted(world.ada)
        rotate("--now")
        assert ring.public(header_of(world.ada.token)["kid"])
        assert not is_accepted(world.ada)
        assert service.get(ME).status_code == 401

    def test_leaked_key_is_no_longer_published(self, world: World):
        new = rotate("--now").pk
        ring.clear()
        assert published(world) == {new}

    def test_sessions_stay_live_and_can_refresh(self, world: World):
        old = header_of(world.ada.token)["kid"]
        new = rotate("--now").pk
        ring.clear()
        data = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}).json()["data"]
        assert header_of(data["access_token"])["kid"] == new != old
        assert is_accepted(Caller(data["access_token"]))

    def test_retiring_keys_are_refused_too(self, world: World):
        assert is_accepted(world.ada)
        time_passes(rotate().pk, signs_from=timedelta(seconds=1))
        assert is_accepted(world.alan)
        rotate("--now")
        assert not is_accepted(world.ada)
        assert not is_accepted(world.alan)


class TestSigningKeyAfterSecretKeyChange:
    def test_tokens_stay_valid_while_the_old_key_is_a_fallback(self, world: World, settings: Any):
        before = header_of(world.ada.token)["kid"]
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new secret key", [settings.SECRET_KEY]
        ring.clear()
        assert is_accepted(world.ada)
        assert header_of(world.alan.token)["kid"] == before
        assert is_accepted(world.alan)

    def test_unreadable_signing_key_makes_the_server_not_ready(self, world: World, settings: Any):
        settings.SECRET_KEY = "a new secret key"
        ring.clear()
        answer = world.nobody.get("/readyz")
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "rotate_signing_key --now" in answer.json()["reason"]
        rotate("--now")
        ring.clear()
        assert world.nobody.get("/readyz").status_code == 200
        assert is_accepted(world.ada)


@pytest.fixture
def back_to_the_first_key(committed_world: World, servers: Servers) -> Iterator[None]:
    """What was committed goes again, and the servers have read that it has."""
    [first] = SigningKey.objects.all()
    yield
    SigningKey.objects.exclude(pk=first.pk).delete()
    SigningKey.objects.filter(pk=first.pk).update(verifies_until=None)
    ring.clear()
    for url in servers.urls:
        while kids_at(url) != [first.pk]:
            sleep(0.1)


def kids_at(url: str) -> list[str]:
    return [key["kid"] for key in requests.get(f"{url}/.well-known/jwks.json", timeout=5).json()["keys"]]


@pytest.mark.usefixtures("back_to_the_first_key")
def test_leaked_key_is_refused_by_every_process_at_once(servers: Servers, committed_world: World):
    token = str(committed_world.ada.token)
    with browsers(servers.urls, 2) as hands:
        assert [hand.is_let_in(token) for hand in hands] == [True, True]
        rotate("--now")
        assert [hand.is_let_in(token) for hand in hands] == [False, False]
        assert refreshed(hands[0], committed_world.ada)


def refreshed(browser: Browser, caller: Caller) -> bool:
    """In a few seconds at the latest, a refresh gives what is accepted again."""
    deadline = timezone.now() + timedelta(seconds=10)
    token = str(caller.refresh_token)
    while timezone.now() < deadline:
        data = browser.refresh(token).data
        if browser.is_let_in(data["access_token"]):
            return True
        token = data["refresh_token"]
    return False
