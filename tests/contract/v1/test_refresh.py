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


class TestRefreshing:
    def test_answers_with_a_new_pair_for_the_same_session(self, world: World):
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

    def test_leaves_the_access_token_in_hand_good(self, world: World):
        data_of(refresh(world, world.ada.refresh_token))
        assert is_alive(world.ada)

    def test_goes_on_for_as_long_as_the_session(self, world: World):
        seen, token = {world.ada.refresh_token}, world.ada.refresh_token
        for _ in range(5):
            token = data_of(refresh(world, token))["refresh_token"]
            assert token not in seen
            seen.add(token)

    def test_needs_no_other_credential_and_minds_none(self, world: World):
        stale = {"Authorization": "Bearer something old"}
        data_of(world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}, headers=stale))

    def test_counts_as_activity_from_where_it_came(self, world: World):
        row(world.ada).update(last_activity_at=Now() - timedelta(hours=1))
        body = {"refresh_token": world.ada.refresh_token}
        data_of(world.nobody.post(REFRESH, body, REMOTE_ADDR="203.0.113.9"))
        session = row(world.ada).get(last_activity_at__gt=Now() - timedelta(minutes=1))
        assert (session.ip_address, session.last_ip_address) == ("192.0.2.10", "203.0.113.9")

    def test_does_not_prolong_the_session(self, world: World):
        ends = row(world.ada).get().expires_at
        data_of(refresh(world, world.ada.refresh_token))
        assert row(world.ada).get().expires_at == ends


class TestTheSameTokenAgain:
    def test_within_ten_seconds_gets_the_same_successor(self, world: World):
        first = data_of(refresh(world, world.ada.refresh_token))
        for seconds in (0, 9.9):
            pass_the_grace(world.ada, seconds)
            again = data_of(refresh(world, world.ada.refresh_token))
            assert again["refresh_token"] == first["refresh_token"]
            assert is_alive(world.ada, again["access_token"])

    def test_later_ends_the_session_newest_access_token_included(self, world: World):
        first = data_of(refresh(world, world.ada.refresh_token))
        pass_the_grace(world.ada)
        assert refused(refresh(world, world.ada.refresh_token)) == NO_LONGER_GOOD
        assert not is_alive(world.ada)
        assert not is_alive(world.ada, first["access_token"])
        assert refused(refresh(world, first["refresh_token"])) == NO_LONGER_GOOD

    def test_ends_it_however_long_ago_it_was_spent(self, world: World):
        second = data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
        third = data_of(refresh(world, second))["refresh_token"]
        newest = data_of(refresh(world, third))
        assert refused(refresh(world, world.ada.refresh_token)) == NO_LONGER_GOOD
        assert not is_alive(world.ada, newest["access_token"])

    def test_ends_that_session_and_no_other(self, world: World):
        phone = world.signed_in(world.ada.user)
        data_of(refresh(world, world.ada.refresh_token))
        pass_the_grace(world.ada)
        refused(refresh(world, world.ada.refresh_token))
        assert is_alive(phone)
        data_of(refresh(world, phone.refresh_token))

    def test_says_so_on_the_row_and_in_the_audit(self, world: World):
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


class TestATokenThatIsNotOurs:
    @cells("at", [0, 15, 16, 47, 48, 63])
    def test_for_a_flipped_bit_is_refused_and_ends_nothing(self, at, world: World):
        assert refused(refresh(world, spoilt(str(world.ada.refresh_token), at))) == NO_LONGER_GOOD
        assert is_alive(world.ada)
        data_of(refresh(world, world.ada.refresh_token))

    def test_for_naming_another_session_ends_nothing(self, world: World):
        alans = decode_id(Prefix.SESSION, world.alan.session_id)
        assert alans
        assert refused(refresh(world, relabelled(str(world.ada.refresh_token), alans))) == NO_LONGER_GOOD
        assert is_alive(world.alan)
        assert is_alive(world.ada)

    @cells(
        "text", ["x", START, START + "A" * 86, START + "A" * 85, "cfr_!", "cfr_ü", "A" * 1024, " ", "cfr_" + "=" * 86]
    )
    def test_for_being_made_up(self, text, world: World):
        assert refused(refresh(world, text)) == NO_LONGER_GOOD

    def test_for_being_another_kind_of_credential(self, world: World):
        key = data_of(world.ada.post("/api/v1/me/api-keys", {"name": "laptop"}), 201)["api_key"]
        for credential in (world.ada.token, world.service().token, key, world.ada.session_id, some_id(Prefix.SESSION)):
            assert refused(refresh(world, credential)) == NO_LONGER_GOOD

    def test_for_being_cut_or_drawn_out(self, world: World):
        good = str(world.ada.refresh_token)
        for text in (good[:-1], good + "A", good[1:], good.upper(), f" {good}", f"{good} ", good + "="):
            assert refused(refresh(world, text)) == NO_LONGER_GOOD
        assert is_alive(world.ada)


class TestTheRefreshTokenOfAnEndedSession:
    """Whichever way it ended; what hangs on users, tenants and partners is in tests/security/test_lifecycle.py."""

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
    def test_is_refused_and_so_is_the_one_spent_before_it(self, how, world: World):
        newest = data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
        self.ended(how, world.ada)
        for token in (newest, world.ada.refresh_token):
            assert refused(refresh(world, token)) == NO_LONGER_GOOD
        assert not is_alive(world.ada)


class TestTheSecretKey:
    NEW = "a new secret key, as an operator would set it"

    def test_may_change_while_the_old_one_is_a_fallback(self, world: World, settings: Any):
        before, second = settings.SECRET_KEY, data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = self.NEW, [before]
        again = data_of(refresh(world, world.ada.refresh_token))
        assert again["refresh_token"] != world.ada.refresh_token
        third = data_of(refresh(world, again["refresh_token"]))["refresh_token"]
        settings.SECRET_KEY_FALLBACKS = []
        data_of(refresh(world, third))
        assert refused(refresh(world, second)) == NO_LONGER_GOOD

    def test_changed_without_a_fallback_takes_every_refresh_token_with_it(self, world: World, settings: Any):
        token = world.ada.refresh_token
        settings.SECRET_KEY = self.NEW
        assert refused(refresh(world, token)) == NO_LONGER_GOOD
        assert is_alive(world.ada)


class TestTheBody:
    def test_takes_one_field(self, world: World):
        body = {"refresh_token": world.ada.refresh_token, "session_id": world.alan.session_id, "scope": "admin:write"}
        assert flaws(world.nobody.post(REFRESH, body)) == [
            (["body", "scope"], "Unknown field", "extra_forbidden"),
            (["body", "session_id"], "Unknown field", "extra_forbidden"),
        ]
        assert row(world.ada).get().refreshed_at is None

    def test_must_hold_it(self, world: World):
        [(loc, _, kind)] = flaws(world.nobody.post(REFRESH, {}))
        assert (loc, kind) == (["body", "refresh_token"], "missing")


def test_only_digests_of_refresh_tokens_are_kept(world: World):
    newest = data_of(refresh(world, world.ada.refresh_token))["refresh_token"]
    kept = str(row(world.ada).values().get())
    for token in (newest, str(world.ada.refresh_token)):
        secret = base64.urlsafe_b64decode(token.removeprefix(START) + "==")[16:48]
        assert token not in kept
        assert secret.hex() not in kept
        assert bytes(row(world.ada).get().refresh_digest) != secret
