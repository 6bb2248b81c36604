"""DELETE /api/account/sessions and /api/account/sessions/{token}: revoking one's own sessions."""

from typing import Any

from accounts.models import Role
from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app.models import Revocation, SessionState
from tests.access.callers import api_key_of
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.panel.answers import COOKIE, NOT_FOUND, SESSIONS, again, browser, data_of, refused, tokens
from tests.contract.v1.sessions import fall_idle, is_alive, row, run_out
from tests.world import Caller, World, some_id


def one(caller: Caller) -> str:
    return f"{SESSIONS}/{caller.session_id}"


def others(answer: Any) -> dict[str, Any]:
    body = data_of(answer)
    assert body.keys() == {"data"}
    return body["data"]


class TestRevokeOne:
    def test_revoked_session_is_refused_on_next_request(self, world: World):
        phone = again(world, world.ada)
        assert others(world.ada.delete(one(phone))) == {"revoked": True, "currentSessionRevoked": False}
        assert not is_alive(phone)
        assert tokens(world.ada) == [world.ada.session_id]

    def test_response_says_if_the_current_session_was_revoked(self, world: World):
        assert others(world.ada.delete(one(world.ada))) == {"revoked": True, "currentSessionRevoked": True}
        assert refused(world.ada.get(SESSIONS)) == "Invalid API key"

    def test_api_key_has_no_current_session(self, world: World):
        key = api_key_of(world.ada.user)
        assert others(key.delete(one(world.ada))) == {"revoked": True, "currentSessionRevoked": False}
        assert not is_alive(world.ada)

    def test_percent_encoded_id_is_decoded(self, world: World):
        phone = again(world, world.ada)
        assert others(world.ada.delete(f"{SESSIONS}/%20{phone.session_id}%20"))["revoked"] is True
        assert not is_alive(phone)

    @cells("token", ["session_abc123xyz789", "x" * 5_000, "..", "%00", "%ff", "%F0%9F%92%A9"])
    def test_malformed_id_is_404(self, token: str, world: World):
        ada, before = world.ada, database_digest()
        assert refused(ada.delete(f"{SESSIONS}/{token}"), 404) == NOT_FOUND
        assert database_digest() == before

    def test_unknown_foreign_and_ended_sessions_are_the_same_404(self, world: World):
        revoked, expired, idle = (again(world, world.ada) for _ in range(3))
        others(world.ada.delete(one(revoked)))
        run_out(expired)
        fall_idle(idle)
        strangers = [world.alan, world.katherine, world.lisa, world.north_admin, world.super_admin]
        before = database_digest()
        for handle in (some_id(Prefix.SESSION), *(each.session_id for each in (revoked, expired, idle, *strangers))):
            answer = world.ada.delete(f"{SESSIONS}/{handle}")
            assert refused(answer, 404) == NOT_FOUND
            assert {**answer.json(), "url": ""} == {**world.ada.delete(f"{SESSIONS}/x").json(), "url": ""}
        assert database_digest() == before
        assert all(is_alive(each) for each in strangers)

    def test_admin_cannot_revoke_another_users_session(self, world: World):
        for caller in (world.north_admin, world.acme_partner, world.super_admin):
            assert refused(caller.delete(one(world.ada)), 404) == NOT_FOUND
        assert is_alive(world.ada)

    def test_id_of_another_type_is_404(self, world: World):
        assert refused(world.ada.delete(f"{SESSIONS}/{world.ada.user.handle}"), 404) == NOT_FOUND

    @cells("blank", ["/", "/%20", "/%20%20", "/%09"])
    def test_blank_id_is_refused_with_400(self, blank: str, world: World):
        phone = again(world, world.ada)
        before = database_digest()
        assert refused(world.ada.delete(f"{SESSIONS}{blank}"), 400) == "Missing session token"
        assert refused(world.ada.delete(f"{SESSIONS}{blank}?includeCurrent=true"), 400) == "Missing session token"
        assert database_digest() == before
        assert is_alive(phone)

    def test_writes_exactly_one_audit_entry(self, world: World):
        phone = again(world, world.ada)
        world.ada.delete(one(phone))
        (entry,) = AuditEntry.objects.filter(resource_id=phone.session_id, action="session.revoked")
        assert (entry.actor_id, entry.tenant_id) == (world.ada.user.handle, world.north.pk)
        assert (row(phone).revoked_by, row(phone).revoke_reason) == (world.ada.user.handle, "signed out by the user")


class TestRevokeAll:
    def test_revokes_every_other_session_and_keeps_the_current(self, world: World):
        phones = [again(world, world.ada) for _ in range(3)]
        assert others(world.ada.delete(SESSIONS)) == {"revoked": 3, "currentSessionRevoked": False}
        assert not any(map(is_alive, phones))
        assert is_alive(world.ada)

    def test_returns_zero_without_other_sessions(self, world: World):
        assert others(world.ada.delete(SESSIONS)) == {"revoked": 0, "currentSessionRevoked": False}
        assert is_alive(world.ada)

    def test_include_current_revokes_the_current_session_too(self, world: World):
        phone = again(world, world.ada)
        answer = world.ada.delete(f"{SESSIONS}?includeCurrent=true")
        assert others(answer) == {"revoked": 2, "currentSessionRevoked": True}
        assert [is_alive(each) for each in (world.ada, phone)] == [False, False]
        assert refused(world.ada.get(SESSIONS)) == "Invalid API key"

    @cells("said", ["false", "", "TRUE", "True", "1", "yes", "true%20", "true&includeCurrent=false"])
    def test_include_current_is_effective_only_as_the_word_true(self, said: str, world: World):
        phone = again(world, world.ada)
        answer = world.ada.delete(f"{SESSIONS}?includeCurrent={said}")
        assert others(answer) == {"revoked": 1, "currentSessionRevoked": False}
        assert [is_alive(each) for each in (world.ada, phone)] == [True, False]

    @cells("query", ["", "?includeCurrent=true"])
    def test_api_key_revokes_every_session(self, query: str, world: World):
        key = api_key_of(world.ada.user)
        again(world, world.ada)
        assert others(key.delete(f"{SESSIONS}{query}")) == {"revoked": 2, "currentSessionRevoked": False}
        assert not is_alive(world.ada)
        assert tokens(key) == []

    def test_keeps_sessions_of_other_users(self, world: World):
        bystanders = [world.alan, world.north_admin, world.katherine, world.super_admin]
        world.ada.delete(f"{SESSIONS}?includeCurrent=true")
        assert all(map(is_alive, bystanders))

    def test_counts_live_sessions_only(self, world: World):
        expired, idle, _ = (again(world, world.ada) for _ in range(3))
        run_out(expired)
        fall_idle(idle)
        assert others(world.ada.delete(SESSIONS))["revoked"] == 1

    def test_writes_one_revocation_with_one_audit_entry(self, world: World):
        again(world, world.ada)
        before = AuditEntry.objects.count()
        world.ada.delete(SESSIONS)
        revocation = Revocation.objects.latest("pk")
        entry = AuditEntry.objects.latest("pk")
        assert AuditEntry.objects.count() == before + 1
        assert (entry.action, entry.resource_id) == ("session.revoked_all", revocation.handle)
        assert (revocation.reach, revocation.target_id, revocation.revoked_count) == ("user", world.ada.user.pk, 1)


class TestCookieAfterRevocation:
    @cells("what", ["the one", "all"])
    def test_cookie_is_deleted_when_its_own_session_is_revoked(self, what: str, world: World):
        ada = browser(world.ada)
        path = one(world.ada) if what == "the one" else f"{SESSIONS}?includeCurrent=true"
        answer = ada.delete(path)
        assert others(answer)["currentSessionRevoked"] is True
        assert (answer.cookies[COOKIE].value, answer.cookies[COOKIE]["max-age"]) == ("", 0)
        ada.http.cookies[COOKIE] = world.ada.key
        assert refused(ada.get(SESSIONS)) == "Authentication required"

    def test_cookie_is_kept_when_another_session_is_revoked(self, world: World):
        ada, phone = browser(world.ada), again(world, world.ada)
        assert not ada.delete(one(phone)).cookies
        assert not ada.delete(SESSIONS).cookies
        assert tokens(ada) == [world.ada.session_id]

    def test_cookie_is_kept_when_the_token_revokes_its_own_session(self, world: World):
        ada = browser(again(world, world.ada))
        ada.token = world.ada.token
        assert not ada.delete(one(world.ada)).cookies


def test_revocation_in_one_api_is_effective_in_every_api(world: World):
    phone = again(world, world.ada)
    world.ada.delete(one(phone))
    admin = world.north_admin
    told = admin.get(f"/api/v1/admin/sessions/{phone.session_id}").json()["data"]
    assert (told["status"], told["revoke_reason"]) == ("revoked", "signed out by the user")
    laptop = again(world, world.ada)
    assert laptop.session_id in tokens(world.ada)
    assert admin.delete(f"/api/v1/admin/sessions/{laptop.session_id}").status_code == 204
    assert laptop.session_id not in tokens(world.ada)


def test_users_of_every_role_may_revoke_their_sessions(world: World):
    for role in (Role.USER, Role.TENANT_ADMIN):
        caller = world.signed_in(world.person(role, world.north, role))
        assert others(caller.delete(SESSIONS))["revoked"] == 0
    assert SessionState.objects.live().filter(user__tenant=world.north).count() == 2
