"""POST /auth/refresh: rotation of refresh tokens and detection of their reuse."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from audit.models import AuditEntry
from core.ids import Prefix, decode_id
from sessions_app.models import Session, SessionQuerySet
from sessions_app.refresh_tokens import START
from tests.cells import cells
from tests.contract.v1.answers import ME, REFRESH, data_of, flaws, refused
from tests.world import Caller, World, some_id

NO_LONGER_GOOD = {"detail": "This refresh token is not valid any more; sign in again"}
SIGNED_IN = {"access_token", "refresh_token", "token_type", "expires_in", "session_id", "user"}


def refresh(world: World, token: str | None) -> Any:
    return world.nobody.post(REFRESH, {"refresh_token": token})


def row(caller: Caller) -> SessionQuerySet:
    assert caller.session
    return Session.objects.filter(pk=caller.session.pk)


def pass_the_grace(caller: Caller, seconds: float = 10) -> None:
    row(caller).update(refreshed_at=Now() - timedelta(seconds=seconds))


def is_alive(caller: Caller, access_token: str | None = None) -> bool:
    return Caller(access_token or caller.token).get(ME).status_code == 200


class TestRefresh:
    def test_returns_a_new_token_pair_of_the_same_session(self, world: World):
        data = data_of(refresh(world, world.ada.refresh_token))
        assert data.keys() == SIGNED_IN
        assert (data["token_type"], data["expires_in"]) == ("Bearer", 600)
        assert data["session_id"] == world.ada.session_id
        assert data["user"] == {
            "id": world.ada.user.handle,
            "email": "ada@north.example",
            "display_name": "ada@north.example",
            "role": "user",
            "tenant_id": world.north.handle,
            "partner_id": world.acme.handle,
        }
        assert (data["access_token"], data["refresh_token"]) != (world.ada.token, world.ada.refresh_token)
        assert is_alive(world.ada, data["access_token"])

    def test_previous_access_token_stays_valid(self, world: World):
        data_of(refresh(world, world.ada.refresh_token))
        assert is_alive(world.ada)

    def test_can_be_repeated_with_each_new_token(self, world: World):
        seen, token = {world.ada.refresh_token}, world.ada.refresh_token
        for _ in range(5):
            token = data_of(refresh(world, token))["refresh_token"]
            assert token not in seen
            seen.add(token)

    def test_ignores_any_other_credential(self, world: World):
        stale = {"Authorization": "Bearer something old"}
        data_of(world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}, headers=stale))

    def test_counts_as_activity_from_the_requests_address(self, world: World):
        row(world.ada).update(last_activity_at=Now() - timedelta(hours=1))
        body = {"refresh_token": world.ada.refresh_token}
        data_of(world.nobody.post(REFRESH, body, REMOTE_ADDR="203.0.113.9"))
        session = row(world.ada).get(last_activity_at__gt=Now() - timedelta(minutes=1))
        assert (session.ip_address, session.last_ip_address) == ("192.0.2.10", "203.0.113.9")

    def test_does_not_extend_the_session(self, world: World):
        ends = row(world.ada).get().expires_at
        data_of(refresh(world, world.ada.refresh_token))
        assert row(world.ada).get().expires_at == ends


class TestRefreshTokenReuse:
    def test_reuse_within_ten_seconds_returns_the_same_successor(self, world: World):
        first = data_of(refresh(world, world.ada.refresh_token))
        for seconds in (0, 9.9):
            pass_the_grace(world.ada, seconds)
            again = data_of(refresh(world, world.ada.refresh_token))
            assert again["refresh_token"] == first["refresh_token"]
            assert is_alive(world.ada, again["access_token"])

    def test_later_reuse_revokes_the_session_and_its_access_tokens(self, world: World):
        first = data_of(refresh(world, world.ada.refresh_token))
        pass_the_grace(world.ada)
        assert refused(refresh(world, world.ada.refresh_token)) == NO_LONGER_GOOD
        assert not is_alive(world.ada)
        assert not is_alive(world.ada, first["access_token"])
        assert refused(refresh(world, first["refresh_token"])) == NO_LONGER_GOOD

    def test_reuse_of_any_older_token_revokes_the_session(self, world: World):
        second = data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
        third = data_of(refresh(world, second))["refresh_token"]
        newest = data_of(refresh(world, third))
        assert refused(refresh(world, world.ada.refresh_token)) == NO_LONGER_GOOD
        assert not is_alive(world.ada, newest["access_token"])

    def test_reuse_leaves_other_sessions_live(self, world: World):
        phone = world.signed_in(world.ada.user)
        data_of(refresh(world, world.ada.refresh_token))
        pass_the_grace(world.ada)
        refused(refresh(world, world.ada.refresh_token))
        assert is_alive(phone)
        data_of(refresh(world, phone.refresh_token))

    def test_reuse_is_recorded_on_the_session_and_in_the_audit_log(self, world: World):
        data_of(refresh(world, world.ada.refresh_token))
        pass_the_grace(world.ada)
        refused(refresh(world, world.ada.refresh_token))
        session = row(world.ada).get()
        assert (session.revoked_by, session.revoke_reason) == (world.ada.user.handle, "refresh token replayed")
        [entry] = AuditEntry.objects.filter(resource_id=world.ada.session_id, action="authentication.refresh_replayed")
        assert (entry.result, entry.tenant_id, entry.actor_id) == ("denied", world.north.pk, world.ada.user.handle)


def spoilt(text: str, at: int) -> str:
    body = bytearray(base64.urlsafe_b64decode(text.removeprefix(START) + "=="))
    body[at] ^= 1
    return START + base64.urlsafe_b64encode(bytes(body)).decode().rstrip("=")


def relabelled(text: str, session_id: UUID) -> str:
    body = base64.urlsafe_b64decode(text.removeprefix(START) + "==")
    return START + base64.urlsafe_b64encode(session_id.bytes + body[16:]).decode().rstrip("=")


class TestInvalidRefreshToken:
    @cells("at", [0, 15, 16, 47, 48, 63])
    def test_altered_token_is_401_and_revokes_nothing(self, at, world: World):
        assert refused(refresh(world, spoilt(str(world.ada.refresh_token), at))) == NO_LONGER_GOOD
        assert is_alive(world.ada)
        data_of(refresh(world, world.ada.refresh_token))

    def test_token_with_another_session_id_is_401_and_revokes_nothing(self, world: World):
        alans = decode_id(Prefix.SESSION, world.alan.session_id)
        assert alans
        assert refused(refresh(world, relabelled(str(world.ada.refresh_token), alans))) == NO_LONGER_GOOD
        assert is_alive(world.alan)
        assert is_alive(world.ada)

    @cells(
        "text", ["x", START, START + "A" * 86, START + "A" * 85, "cfr_!", "cfr_ü", "A" * 1024, " ", "cfr_" + "=" * 86]
    )
    def test_malformed_token_is_401(self, text, world: World):
        assert refused(refresh(world, text)) == NO_LONGER_GOOD

    def test_other_kinds_of_credentials_are_401(self, world: World):
        key = data_of(world.ada.post("/api/v1/me/api-keys", {"name": "laptop"}), 201)["api_key"]
        for credential in (world.ada.token, world.service().token, key, world.ada.session_id, some_id(Prefix.SESSION)):
            assert refused(refresh(world, credential)) == NO_LONGER_GOOD

    def test_truncated_or_extended_token_is_401(self, world: World):
        good = str(world.ada.refresh_token)
        for text in (good[:-1], good + "A", good[1:], good.upper(), f" {good}", f"{good} ", good + "="):
            assert refused(refresh(world, text)) == NO_LONGER_GOOD
        assert is_alive(world.ada)


class TestRefreshTokenOfEndedSession:
    """Suspended users, tenants and partners are in tests/security/test_suspended_owners.py."""

    def ended(self, how: str, ada: Caller) -> None:
        match how:
            case "signed out":
                assert ada.post("/api/v1/auth/logout").status_code == 204
            case "revoked":
                data_of(ada.delete(f"/api/v1/me/sessions/{ada.session_id}"))
            case "expired":
                row(ada).update(created_at=Now() - timedelta(days=2), expires_at=Now() - timedelta(seconds=1))
            case "idle":
                row(ada).update(last_activity_at=Now() - F("idle_limit") - timedelta(seconds=1))

    @cells("how", ["signed out", "revoked", "expired", "idle"])
    def test_newest_and_used_tokens_are_401(self, how, world: World):
        newest = data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
        self.ended(how, world.ada)
        for token in (newest, world.ada.refresh_token):
            assert refused(refresh(world, token)) == NO_LONGER_GOOD
        assert not is_alive(world.ada)


class TestRefreshAfterKeyChange:
    NEW = "a new secret key, as an operator would set it"

    def test_tokens_stay_valid_while_the_old_key_is_a_fallback(self, world: World, settings: Any):
        before, second = settings.SECRET_KEY, data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = self.NEW, [before]
        again = data_of(refresh(world, world.ada.refresh_token))
        assert again["refresh_token"] != world.ada.refresh_token
        third = data_of(refresh(world, again["refresh_token"]))["refresh_token"]
        settings.SECRET_KEY_FALLBACKS = []
        data_of(refresh(world, third))
        assert refused(refresh(world, second)) == NO_LONGER_GOOD

    def test_tokens_are_401_once_the_old_key_is_removed(self, world: World, settings: Any):
        token = world.ada.refresh_token
        settings.SECRET_KEY = self.NEW
        assert refused(refresh(world, token)) == NO_LONGER_GOOD
        assert is_alive(world.ada)


class TestRefreshBody:
    def test_unknown_fields_are_refused(self, world: World):
        body = {"refresh_token": world.ada.refresh_token, "session_id": world.alan.session_id, "scope": "admin:write"}
        assert flaws(world.nobody.post(REFRESH, body)) == [
            (["body", "scope"], "Unknown field", "extra_forbidden"),
            (["body", "session_id"], "Unknown field", "extra_forbidden"),
        ]
        assert row(world.ada).get().refreshed_at is None

    def test_refresh_token_is_required(self, world: World):
        [(loc, _, kind)] = flaws(world.nobody.post(REFRESH, {}))
        assert (loc, kind) == (["body", "refresh_token"], "missing")


def test_refresh_tokens_are_stored_as_digests_only(world: World):
    newest = data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
    kept = str(row(world.ada).values().get())
    for token in (newest, str(world.ada.refresh_token)):
        secret = base64.urlsafe_b64decode(token.removeprefix(START) + "==")[16:48]
        assert token not in kept
        assert secret.hex() not in kept
        assert bytes(row(world.ada).get().refresh_digest) != secret
