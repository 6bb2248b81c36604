"""Sessions of a tenant and of its users, below `/tenants/{tenant_id}`."""

from typing import Any

import pytest

from accounts.models import Role
from audit.models import AuditEntry
from core.access import Scope
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import Revocation
from tenancy import operations as tenancy
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, data_of, flaws, ids, page, refused
from tests.contract.v1.sessions import SESSION_LIST_ITEM, fall_idle, is_alive, row, run_out
from tests.world import SYSTEM, Caller, World, some_id

NO_TENANT = {"detail": "Tenant not found"}
NO_USER = {"detail": "User not found"}
NO_SESSION = {"detail": "Session not found"}


def north(world: World, rest: str = "") -> str:
    return f"/api/v1/tenants/{world.north.handle}/sessions{rest}"


def of_ada(world: World, rest: str = "") -> str:
    return north(world, f"/users/{world.ada.user.handle}{rest}")


class TestTenantSessionList:
    @cells("slash", ["", "/"])
    def test_lists_sessions_of_the_tenants_users_newest_first(self, slash: str, world: World):
        people = [world.north_admin, world.alan, world.ada]
        assert is_alive(world.katherine)
        newest_first = sorted((each.session_id for each in people), reverse=True)
        for caller in (world.north_admin, world.acme_partner, world.super_admin, world.service(Scope.ADMIN_READ)):
            assert ids(caller.get(north(world, slash))) == newest_first
        rows, _ = page(world.north_admin.get(north(world, slash)))
        assert all(item.keys() == SESSION_LIST_ITEM for item in rows)
        assert [item["id"] for item in rows if item["is_current"]] == [world.north_admin.session_id]

    def test_can_be_limited_to_one_user(self, world: World):
        assert is_alive(world.alan)
        assert ids(world.north_admin.get(north(world, f"?user_id={world.ada.user.handle}"))) == [world.ada.session_id]
        for nobody in (world.lisa.user.handle, some_id(Prefix.USER), "x"):
            assert ids(world.north_admin.get(north(world, f"?user_id={nobody}"))) == []

    def test_includes_ended_sessions_on_request(self, world: World):
        over = [world.signed_in(world.ada.user) for _ in range(3)]
        run_out(over[0])
        fall_idle(over[1])
        over[2].post("/api/v1/auth/logout")
        live = [world.north_admin.session_id, world.ada.session_id]
        assert ids(world.north_admin.get(north(world))) == live
        assert ids(world.north_admin.get(north(world, "?active_only=TRUE"))) == live
        everything = ids(world.north_admin.get(north(world, "?active_only=false")))
        assert everything == sorted([*live, *(each.session_id for each in over)], reverse=True)

    def test_another_tenant_in_the_query_is_refused(self, world: World):
        for name, other in (("tenant_id", world.south), ("partner_id", world.globex)):
            [(where, _, kind)] = flaws(world.super_admin.get(north(world, f"?{name}={other.handle}")))
            assert (where, kind) == (["query", name], "extra_forbidden")

    @cells("who", ["springfield_admin", "globex_partner"])
    @cells("query", ["", "?active_only=false", "?search=x"])
    def test_foreign_tenant_is_404(self, who: str, query: str, world: World):
        assert is_alive(world.ada)
        assert refused(getattr(world, who).get(north(world, query)), 404) == NO_TENANT
        nowhere = f"/api/v1/tenants/{some_id(Prefix.TENANT)}/sessions{query}"
        assert refused(world.super_admin.get(nowhere), 404) == NO_TENANT

    def test_staff_tenant_is_404(self, world: World):
        """Staff tenants are internal: no API shows them, and no path leads to them."""
        for house in (world.staff_of(world.acme), world.super_admin.user.tenant):
            path = f"/api/v1/tenants/{house.handle}/sessions"
            for rest in ("", "/stats", f"/users/{world.super_admin.user.handle}", f"/{world.super_admin.session_id}"):
                assert world.super_admin.get(path + rest).status_code == 404, rest
            assert refused(world.super_admin.post(f"{path}/revoke-all"), 404) == NO_TENANT

    def test_deleted_tenant_is_404(self, world: World):
        session_id, user_id = world.ada.session_id, world.ada.user.handle
        tenancy.delete(world.north, actor=SYSTEM)
        for rest in ("", "?active_only=false", "/stats", f"/users/{user_id}", f"/{session_id}"):
            assert world.super_admin.get(north(world, rest)).status_code == 404, rest


class TestTenantSession:
    def test_equals_the_detail_of_the_admin_api(self, world: World):
        here = data_of(world.north_admin.get(north(world, f"/{world.ada.session_id}")))
        assert here == data_of(world.north_admin.get(f"/api/v1/admin/sessions/{world.ada.session_id}"))

    def test_deletion_revokes_and_may_be_repeated(self, world: World):
        for _ in range(2):
            assert world.north_admin.delete(north(world, f"/{world.ada.session_id}")).status_code == 204
        assert not is_alive(world.ada)
        assert row(world.ada).revoked_by == world.north_admin.user.handle

    def test_session_of_an_equal_role_is_visible_but_403_to_revoke(self, world: World):
        deputy = world.signed_in(world.person("deputy", world.north, Role.TENANT_ADMIN))
        path = north(world, f"/{deputy.session_id}")
        data_of(world.north_admin.get(path))
        assert refused(world.north_admin.delete(path), 403) == ACCESS_DENIED
        assert world.acme_partner.delete(path).status_code == 204
        assert not is_alive(deputy)

    def test_session_of_another_tenant_is_404(self, world: World):
        """Both ids exist and the caller may see both, but the session is not of that tenant."""
        for foreign in (world.katherine, world.lisa):
            path = north(world, f"/{foreign.session_id}")
            for caller in (world.super_admin, world.acme_partner, world.north_admin):
                assert refused(caller.get(path), 404) == refused(caller.delete(path), 404) == NO_SESSION
            assert is_alive(foreign)

    @cells("word", ["stats", "users", "revoke-all", "ses_1", "%00"])
    def test_reserved_words_and_malformed_ids_are_404_or_405(self, word: str, world: World):
        before = database_digest() if is_alive(world.north_admin) else None
        assert world.north_admin.delete(north(world, f"/{word}")).status_code in (404, 405)
        assert database_digest() == before


class TestRevokeTenantSessions:
    @cells("who", ["north_admin", "acme_partner", "super_admin"])
    def test_revokes_every_session_of_the_tenant_and_no_other(self, who: str, world: World):
        assert all(is_alive(each) for each in (world.ada, world.alan, world.north_admin, world.katherine))
        told = data_of(getattr(world, who).post(north(world, "/revoke-all")))
        assert told["revoked_count"] == 3
        sessions = [each.session_id for each in (world.ada, world.alan, world.north_admin)]
        assert told["session_ids"] == sorted(sessions, reverse=True)
        assert not any(is_alive(each) for each in (world.ada, world.alan, world.north_admin))
        assert is_alive(world.katherine)

    def test_pending_sign_in_is_refused_and_a_later_one_accepted(self, world: World):
        proof = world.proof(world.ada.user)
        data_of(world.super_admin.post(north(world, "/revoke-all")))
        with pytest.raises(operations.RevokedDuringSignIn):
            operations.open(proof, actor=SYSTEM)
        assert is_alive(world.signed_in(world.ada.user))

    def test_reason_is_stored(self, world: World):
        told = data_of(world.super_admin.post(north(world, "/revoke-all/"), {"reason": "moving house"}))
        revocation = Revocation.objects.get(tenant_id=world.north.pk)
        assert (revocation.handle, revocation.reason) == (told["revocation_id"], "moving house")

    def test_minimal_response_has_the_count_and_no_ids(self, world: World):
        assert is_alive(world.ada)
        told = data_of(world.super_admin.post(north(world, "/revoke-all"), headers={"Prefer": "return=minimal"}))
        assert (told["revoked_count"], told["session_ids"], told["session_ids_truncated"]) == (1, [], True)

    def test_foreign_tenant_is_404_and_plain_users_get_403(self, world: World):
        assert is_alive(world.ada)
        for caller in (world.springfield_admin, world.globex_partner):
            assert refused(caller.post(north(world, "/revoke-all")), 404) == NO_TENANT
        assert refused(world.ada.post(north(world, "/revoke-all")), 403) == ACCESS_DENIED
        assert is_alive(world.ada)


class TestTenantUserSessionList:
    def test_contains_sessions_of_that_user_only(self, world: World):
        phone = world.signed_in(world.ada.user)
        assert is_alive(world.alan)
        for caller in (world.north_admin, world.acme_partner, world.super_admin):
            assert ids(caller.get(of_ada(world))) == [phone.session_id, world.ada.session_id]

    def test_includes_ended_sessions_on_request(self, world: World):
        phone = world.signed_in(world.ada.user)
        phone.post("/api/v1/auth/logout")
        assert ids(world.north_admin.get(of_ada(world))) == [world.ada.session_id]
        everything = [phone.session_id, world.ada.session_id]
        assert ids(world.north_admin.get(of_ada(world, "?active_only=false"))) == everything

    def test_sessions_of_an_equal_role_are_listed(self, world: World):
        deputy = world.signed_in(world.person("deputy", world.north, Role.TENANT_ADMIN))
        assert ids(world.north_admin.get(north(world, f"/users/{deputy.user.handle}"))) == [deputy.session_id]

    def test_is_empty_for_a_signed_out_user(self, world: World):
        nobody = world.person("nobody", world.north)
        assert ids(world.north_admin.get(north(world, f"/users/{nobody.handle}"))) == []

    def test_user_of_another_tenant_is_404(self, world: World):
        for path in (
            north(world, f"/users/{world.katherine.user.handle}"),
            north(world, f"/users/{world.lisa.user.handle}"),
            north(world, f"/users/{some_id(Prefix.USER)}"),
            f"/api/v1/tenants/{world.south.handle}/sessions/users/{world.ada.user.handle}",
            f"/api/v1/tenants/{some_id(Prefix.TENANT)}/sessions/users/{world.ada.user.handle}",
        ):
            for caller in (world.super_admin, world.acme_partner, world.north_admin):
                assert refused(caller.get(path), 404) == NO_USER
                assert refused(caller.post(f"{path}/revoke", {"revoke_all": True}), 404) == NO_USER
        assert all(is_alive(each) for each in (world.ada, world.katherine, world.lisa))


class TestRevokeTenantUserSessions:
    def revoke(self, caller: Caller, world: World, **body: Any) -> Any:
        return caller.post(of_ada(world, "/revoke"), body)

    def test_given_session_ids_are_revoked_and_no_others(self, world: World):
        phone, tablet = world.signed_in(world.ada.user), world.signed_in(world.ada.user)
        told = data_of(self.revoke(world.north_admin, world, session_ids=[phone.session_id, tablet.session_id]))
        assert (told["revoked_count"], told["session_ids"]) == (2, [tablet.session_id, phone.session_id])
        assert [is_alive(each) for each in (world.ada, phone, tablet)] == [True, False, False]
        assert told["revocation_id"] == row(phone).revocation.handle == row(tablet).revocation.handle

    def test_ids_of_other_users_are_ignored_silently(self, world: World):
        foreign = [
            world.alan.session_id,
            world.katherine.session_id,
            world.lisa.session_id,
            world.north_admin.session_id,
        ]
        odd = [some_id(Prefix.SESSION), world.ada.user.handle, "ses_1", "*"]
        told = data_of(self.revoke(world.north_admin, world, session_ids=[*foreign, world.ada.session_id, *odd]))
        assert (told["revoked_count"], told["session_ids"]) == (1, [world.ada.session_id])
        assert data_of(self.revoke(world.north_admin, world, session_ids=[*foreign, *odd]))["revoked_count"] == 0
        assert all(is_alive(each) for each in (world.alan, world.katherine, world.lisa, world.north_admin))

    def test_repeated_id_is_counted_once(self, world: World):
        told = data_of(self.revoke(world.north_admin, world, session_ids=[world.ada.session_id] * 3))
        assert (told["revoked_count"], told["session_ids"]) == (1, [world.ada.session_id])

    def test_ended_session_is_not_counted(self, world: World):
        for count in (1, 0):
            told = data_of(self.revoke(world.north_admin, world, session_ids=[world.ada.session_id]))
            assert (told["revoked_count"], len(told["session_ids"])) == (count, count)

    def test_revoke_all_revokes_every_session_of_the_user(self, world: World):
        phone = world.signed_in(world.ada.user)
        told = data_of(self.revoke(world.north_admin, world, revoke_all=True, reason="left the company"))
        assert told["session_ids"] == [phone.session_id, world.ada.session_id]
        assert row(world.ada).revoke_reason == "left the company"
        assert not is_alive(world.ada)

    def test_empty_id_list_with_revoke_all_revokes_every_session(self, world: World):
        phone = world.signed_in(world.ada.user)
        told = data_of(self.revoke(world.north_admin, world, revoke_all=True, session_ids=[]))
        assert told["session_ids"] == [phone.session_id, world.ada.session_id]

    @cells(("flag", "left"), [({}, True), ({"except_current": True}, True), ({"except_current": False}, False)])
    def test_own_current_session_is_kept_by_default(self, flag: dict[str, bool], left: bool, world: World):
        phone = world.signed_in(world.north_admin.user)
        mine = north(world, f"/users/{world.north_admin.user.handle}/revoke")
        assert data_of(world.north_admin.post(mine, {"revoke_all": True, **flag}))["revoked_count"] == 2 - left
        assert [is_alive(each) for each in (phone, world.north_admin)] == [False, left]

    def test_except_current_has_no_effect_on_another_user(self, world: World):
        before = row(world.north_admin).revision if is_alive(world.north_admin) else None
        assert (
            data_of(self.revoke(world.north_admin, world, revoke_all=True, except_current=True))["revoked_count"] == 1
        )
        assert row(world.north_admin).revision == before

    def test_given_id_of_the_own_current_session_is_revoked(self, world: World):
        mine = north(world, f"/users/{world.north_admin.user.handle}/revoke")
        body = {"session_ids": [world.north_admin.session_id], "except_current": True}
        assert data_of(world.north_admin.post(mine, body))["revoked_count"] == 1
        assert not is_alive(world.north_admin)

    def test_user_of_an_equal_role_is_403(self, world: World):
        deputy = world.signed_in(world.person("deputy", world.north, Role.TENANT_ADMIN))
        path = north(world, f"/users/{deputy.user.handle}/revoke")
        for body in ({"revoke_all": True}, {"session_ids": [deputy.session_id]}, {}):
            assert refused(world.north_admin.post(path, body), 403) == ACCESS_DENIED
        assert is_alive(deputy)

    def test_body_without_ids_and_revoke_all_is_refused(self, world: World):
        one = [world.ada.session_id]
        before = database_digest() if is_alive(world.north_admin) else None
        nothing = [{}, {"session_ids": None}, {"session_ids": []}, {"revoke_all": False}]
        for body in [*nothing, {"revoke_all": False, "session_ids": []}, {"revoke_all": True, "session_ids": one}]:
            [(where, message, _)] = flaws(self.revoke(world.north_admin, world, **body))
            assert (where, message) == (["body"], "Name session_ids, or revoke_all, and not both")
        for wrong in ("x", {}, [1], [None], [["x"]], one * 1_001, ["x" * 65], ["a\0b"]):
            assert flaws(self.revoke(world.north_admin, world, session_ids=wrong))[0][0][:2] == ["body", "session_ids"]
        for name in ("revoke_all", "except_current"):
            for wrong in ("true", 1, None, [], {}):
                body = {"session_ids": one, name: wrong}
                assert flaws(self.revoke(world.north_admin, world, **body))[0][0] == ["body", name]
        assert database_digest() == before

    def test_thousand_ids_are_accepted(self, world: World):
        named = [some_id(Prefix.SESSION) for _ in range(999)]
        told = data_of(self.revoke(world.north_admin, world, session_ids=[*named, world.ada.session_id]))
        assert told["revoked_count"] == 1

    def test_audit_entry_lists_the_given_ids(self, world: World):
        phone = world.signed_in(world.ada.user)
        data_of(self.revoke(world.north_admin, world, session_ids=[phone.session_id, world.ada.session_id]))
        [entry] = AuditEntry.objects.filter(actor_id=world.north_admin.user.handle, action="session.revoked")
        assert (entry.tenant_id, entry.changes["revoked_count"]) == (world.north.pk, 2)
        assert set(entry.changes["sessions"]) == {phone.session_id, world.ada.session_id}
