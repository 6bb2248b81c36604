"""POST /me/password: users change their own password."""

from typing import Any

import pytest

from accounts import operations as accounts
from accounts.models import User
from accounts.operations import throttle
from audit.models import AuditEntry
from core.access import Origin
from sessions_app import operations
from sessions_app.models import SessionState
from tests.cells import cells
from tests.contract.v1.answers import LOGIN, ME, REFRESH, data_of, flaws, refused
from tests.world import PASSWORD, Caller, World

PATH = "/api/v1/me/password"
NEW = "a brand new horse battery"
NOT_YOURS = (["body", "current_password"], "This is not your current password", "value_error.wrong_password")


def change(caller: Caller, new: str = NEW, current: str = PASSWORD, **more: Any) -> Any:
    return caller.post(PATH, {"current_password": current, "new_password": new}, **more)


def login(world: World, password: str) -> Any:
    return world.nobody.post(LOGIN, {"email": "ada@north.example", "password": password})


def hash_of(caller: Caller) -> str:
    return User.objects.get(pk=caller.user.pk).password


class TestChangeMyPassword:
    @cells("path", [PATH, f"{PATH}/"])
    def test_response_has_the_number_of_other_sessions_revoked(self, path, world: World):
        for _ in range(2):
            world.signed_in(world.ada.user)
        body = {"current_password": PASSWORD, "new_password": NEW}
        assert data_of(world.ada.post(path, body)) == {"sessions_ended": 2}

    def test_new_password_signs_in_and_the_old_one_does_not(self, world: World):
        assert data_of(change(world.ada)) == {"sessions_ended": 0}
        refused(login(world, PASSWORD))
        data_of(login(world, NEW))

    def test_other_sessions_and_their_refresh_tokens_are_refused(self, world: World):
        phone = world.signed_in(world.ada.user)
        data_of(change(world.ada))
        refused(phone.get(ME))
        refused(world.nobody.post(REFRESH, {"refresh_token": phone.refresh_token}))

    def test_current_session_and_its_refresh_token_stay_valid(self, world: World):
        data_of(change(world.ada))
        data_of(world.ada.get(ME))
        data_of(world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}))

    def test_sessions_of_other_users_stay_live(self, world: World):
        data_of(world.alan.get(ME))
        data_of(change(world.ada))
        data_of(world.alan.get(ME))

    def test_pending_sign_in_with_the_old_password_is_refused(self, world: World):
        proof = accounts.verify_credentials(accounts.Credentials(world.ada.user.email, PASSWORD), origin=Origin())
        data_of(change(world.ada))
        with pytest.raises(operations.RevokedDuringSignIn):
            operations.open(proof, actor=proof.principal)
        assert SessionState.objects.live().filter(user=world.ada.user).count() == 1

    def test_same_password_may_be_set_again(self, world: World):
        before = hash_of(world.ada)
        assert data_of(change(world.ada, PASSWORD)) == {"sessions_ended": 0}
        assert hash_of(world.ada) != before

    def test_audit_entry_does_not_contain_the_password(self, world: World):
        world.signed_in(world.ada.user)
        data_of(change(world.ada))
        [entry] = AuditEntry.objects.filter(resource_id=world.ada.user.handle, action="user.password_changed")
        assert (entry.result, entry.changes) == ("success", {"sessions_ended": 1})
        assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)


class TestWrongCurrentPassword:
    def test_wrong_password_is_422_and_changes_nothing(self, world: World):
        phone, before = world.signed_in(world.ada.user), hash_of(world.ada)
        assert flaws(change(world.ada, current="wrong")) == [NOT_YOURS]
        assert hash_of(world.ada) == before
        data_of(phone.get(ME))

    def test_failure_is_recorded(self, world: World):
        change(world.ada, current="wrong")
        [entry] = AuditEntry.objects.filter(resource_id=world.ada.user.handle, action="user.password_changed")
        assert (entry.result, entry.changes) == ("failure", {"reason": "wrong password"})

    def test_eleventh_attempt_is_429(self, world: World):
        """Otherwise a stolen token could be used to guess the password."""
        for _ in range(10):
            assert flaws(change(world.ada, current="wrong")) == [NOT_YOURS]
        answer = change(world.ada)
        assert refused(answer, 429) == {"detail": "Too many failed attempts; wait as many seconds as Retry-After says"}
        assert 1 <= int(answer["Retry-After"]) <= 30
        last = (
            AuditEntry.objects.filter(action="user.password_changed", tenant_id=world.north.pk)
            .order_by("number")
            .last()
        )
        assert (last.result, last.changes) == ("denied", {"reason": "throttled"})

    def test_failures_count_together_with_those_of_sign_in(self, world: World):
        for _ in range(5):
            change(world.ada, current="wrong", REMOTE_ADDR="203.0.113.7")
            world.nobody.post(LOGIN, {"email": world.ada.user.email, "password": "wrong"})
        assert login(world, PASSWORD).status_code == 429
        assert change(world.ada).status_code == 429

    def test_user_without_a_password_cannot_set_one(self, world: World):
        world.ada.user.set_unusable_password()
        world.ada.user.save()
        for guess in ("", "!", PASSWORD, world.ada.user.password):
            assert change(world.ada, current=guess).status_code == 422


class TestWeakPassword:
    @cells(
        ("unfit", "why"),
        [
            ("xq7-kzw", ["This password is too short. It must contain at least 8 characters."]),
            ("password", ["This password is too common."]),
            (
                "123456",
                [
                    "This password is too short. It must contain at least 8 characters.",
                    "This password is too common.",
                ],
            ),
        ],
    )
    def test_every_reason_is_returned(self, unfit, why, world: World):
        before = hash_of(world.ada)
        expected = [(["body", "new_password"], reason, "value_error.weak_password") for reason in why]
        assert flaws(change(world.ada, unfit)) == expected
        assert hash_of(world.ada) == before

    @pytest.mark.parametrize("field", ["new_password", "current_password"])
    def test_too_long_password_is_refused_before_hashing(self, field, world: World, monkeypatch: pytest.MonkeyPatch):
        caller = world.ada
        monkeypatch.setattr(throttle, "charge", lambda *_: pytest.fail("it was looked at"))
        answer = caller.post(PATH, {"current_password": PASSWORD, "new_password": NEW} | {field: "x" * 1025})
        assert [loc for loc, _, _ in flaws(answer)] == [["body", field]]


def test_unicode_and_surrounding_blanks_are_kept(world: World):
    odd = "  пароль with spaces  "
    data_of(change(world.ada, odd))
    refused(login(world, odd.strip()))
    data_of(login(world, odd))
