"""/me/sessions: users list and revoke their own sessions."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app import operations
from sessions_app.api.v1.views import mine as views
from sessions_app.models import RevocationScope, Session
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.contract.v1.answers import NOT_AUTHENTICATED, data_of, refused, when
from tests.factories import SessionApplicationFactory
from tests.world import CHROME, SYSTEM, Caller, World, some_id

MINE = "/api/v1/me/sessions"
REVOKE_ALL = f"{MINE}/revoke-all"
SESSION_LIST_ITEM = {
    "id",
    "user_id",
    "user_email",
    "ip_address",
    "user_agent",
    "device_type",
    "is_current",
    "created_at",
    "last_activity_at",
    "expires_at",
    "app_count",
}


def listed(caller: Caller) -> list[str]:
    return [item["id"] for item in data_of(caller.get(MINE))]


def is_alive(caller: Caller) -> bool:
    return caller.get("/api/v1/me").status_code == 200


class TestListMySessions:
    def test_lists_live_sessions_newest_first_and_marks_the_current(self, world: World):
        phone = world.signed_in(world.ada.user)
        answer = world.ada.get("/api/v1/me/sessions")
        assert answer.status_code == 200
        assert [item["id"] for item in answer.json()["data"]] == [phone.session_id, world.ada.session_id]
        assert [item["is_current"] for item in answer.json()["data"]] == [False, True]
        assert all(item.keys() == SESSION_LIST_ITEM for item in answer.json()["data"])

    @cells("path", [MINE, f"{MINE}/"])
    def test_row_has_place_device_and_applications(self, path, world: World):
        application = world.make_service("wiki", [])
        SessionApplicationFactory(session=world.ada.session, application=application)
        [item] = data_of(world.ada.get(path))
        opened, seen, ends = (when(item.pop(name)) for name in ("created_at", "last_activity_at", "expires_at"))
        assert opened <= seen < ends
        assert item == {
            "id": world.ada.session_id,
            "user_id": world.ada.user.handle,
            "user_email": "ada@north.example",
            "ip_address": "192.0.2.10",
            "user_agent": CHROME,
            "device_type": "desktop",
            "is_current": True,
            "app_count": 1,
        }

    def test_missing_address_and_device_are_null(self, world: World):
        bare = world.signed_in(world.ada.user, ip_address=None, user_agent="")
        item = data_of(bare.get(MINE))[0]
        assert (item["ip_address"], item["user_agent"], item["device_type"]) == (None, None, None)

    def test_contains_the_callers_own_sessions_only(self, world: World):
        for caller in (world.alan, world.north_admin, world.acme_partner, world.super_admin, world.lisa):
            assert listed(caller) == [caller.session_id]
        assert listed(world.ada) == [world.ada.session_id]

    def test_leaves_out_sessions_however_they_ended(self, world: World):
        revoked, expired, idle, outdated = (world.signed_in(world.ada.user) for _ in range(4))
        operations.revoke(Session.objects.filter(pk=revoked.session.pk), actor=SYSTEM, reason="test")
        ends = {"created_at": Now() - timedelta(days=2), "expires_at": Now() - timedelta(seconds=1)}
        Session.objects.filter(pk=expired.session.pk).update(**ends)
        Session.objects.filter(pk=idle.session.pk).update(last_activity_at=Now() - timedelta(days=30))
        Session.objects.filter(pk=outdated.session.pk).update(revision=-1, era=-1)
        assert listed(world.ada) == [world.ada.session_id]

    def test_is_cut_at_its_maximum_length(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(views, "LISTED_AT_MOST", 2)
        newest = [world.signed_in(world.ada.user) for _ in range(3)][:0:-1]
        assert listed(world.ada) == [each.session_id for each in newest]

    def test_no_session_is_current_for_an_api_key(self, world: World):
        assert [item["is_current"] for item in data_of(api_key_of(world.ada.user).get(MINE))] == [False]

    def test_needs_a_user(self, world: World):
        assert refused(world.nobody.get(MINE)) == NOT_AUTHENTICATED
        assert refused(world.service().get(MINE), 403).keys() == {"detail"}


class TestRevokeMySession:
    def test_revoked_session_is_refused_on_next_request(self, world: World):
        phone = world.signed_in(world.ada.user)
        answer = world.ada.delete(f"/api/v1/me/sessions/{phone.session_id}")
        assert answer.status_code == 200
        assert answer.json()["data"] == {"revoked_count": 1, "session_ids": [phone.session_id]}
        assert phone.get("/api/v1/me/sessions").status_code == 401
        assert world.ada.get("/api/v1/me/sessions").status_code == 200

    def test_second_revocation_is_200_and_revokes_nothing(self, world: World):
        phone = world.signed_in(world.ada.user)
        for expected in ([phone.session_id], []):
            answer = world.ada.delete(f"/api/v1/me/sessions/{phone.session_id}")
            assert (answer.status_code, answer.json()["data"]["session_ids"]) == (200, expected)

    def test_second_revocation_keeps_the_first_time_and_reason(self, world: World):
        phone, tablet = world.signed_in(world.ada.user), world.signed_in(world.ada.user)
        data_of(world.ada.delete(f"{MINE}/{phone.session_id}"))
        first = Session.objects.get(pk=phone.session.pk)
        assert data_of(tablet.delete(f"{MINE}/{phone.session_id}/")) == {"revoked_count": 0, "session_ids": []}
        again = Session.objects.get(pk=phone.session.pk)
        assert (again.revoked_at, again.revocation_id) == (first.revoked_at, first.revocation_id)
        assert (again.revoked_by, again.revoke_reason) == (world.ada.user.handle, "signed out by the user")

    def test_current_session_may_be_revoked(self, world: World):
        data = data_of(world.ada.delete(f"{MINE}/{world.ada.session_id}"))
        assert data == {"revoked_count": 1, "session_ids": [world.ada.session_id]}
        assert not is_alive(world.ada)

    @cells("who", ["alan", "north_admin", "acme_partner", "super_admin"])
    def test_another_users_session_is_404_even_for_admins(self, who, world: World):
        answers = [
            getattr(world, who).delete(f"{MINE}/{each}") for each in (world.ada.session_id, some_id(Prefix.SESSION))
        ]
        assert [refused(answer, 404) for answer in answers] == [{"detail": "Session not found"}] * 2
        assert is_alive(world.ada)

    @cells("odd", ["ses_1", "x", "%00", "usr_{}", "SES_{}", "ses_{} ", "ses_{}0"])
    def test_malformed_id_is_404(self, odd, world: World):
        path = f"{MINE}/{odd.format(world.ada.session_id.removeprefix('ses_'))}"
        assert refused(world.ada.delete(path), 404) == {"detail": "Session not found"}
        assert is_alive(world.ada)

    def test_each_request_writes_an_audit_entry(self, world: World):
        phone = world.signed_in(world.ada.user)
        for _ in range(2):
            world.ada.delete(f"{MINE}/{phone.session_id}")
        entries = AuditEntry.objects.filter(resource_id=phone.session_id, action="session.revoked").order_by("number")
        assert [entry.changes["revoked_count"] for entry in entries] == [1, 0]
        assert {(entry.tenant_id, entry.actor_id) for entry in entries} == {(world.north.pk, world.ada.user.handle)}


class TestRevokeMyOtherSessions:
    def test_current_session_stays_live(self, world: World):
        others = [world.signed_in(world.ada.user) for _ in range(3)]
        answer = world.ada.post("/api/v1/me/sessions/revoke-all")
        assert answer.status_code == 200
        assert answer.json()["data"]["revoked_count"] == 3
        assert all(other.get("/api/v1/me").status_code == 401 for other in others)
        assert world.ada.get("/api/v1/me").status_code == 200

    def test_response_lists_revoked_ids_newest_first(self, world: World):
        others = [world.signed_in(world.ada.user) for _ in range(2)]
        data = data_of(world.ada.post(f"{REVOKE_ALL}/"))
        assert data == {"revoked_count": 2, "session_ids": [other.session_id for other in reversed(others)]}

    def test_current_session_can_still_refresh(self, world: World):
        phone = world.signed_in(world.ada.user)
        data_of(world.ada.post(REVOKE_ALL))
        data_of(world.nobody.post("/api/v1/auth/refresh", {"refresh_token": world.ada.refresh_token}))
        refused(world.nobody.post("/api/v1/auth/refresh", {"refresh_token": phone.refresh_token}))

    def test_minimal_response_has_the_count_and_no_ids(self, world: World):
        world.signed_in(world.ada.user)
        answer = world.ada.post(REVOKE_ALL, headers={"Prefer": "return=minimal"})
        assert data_of(answer) == {"revoked_count": 1, "session_ids": []}
        assert answer["Preference-Applied"] == "return=minimal"

    def test_sessions_of_other_users_stay_live(self, world: World):
        assert is_alive(world.alan)
        assert is_alive(world.lisa)
        assert data_of(world.ada.post(REVOKE_ALL)) == {"revoked_count": 0, "session_ids": []}
        assert is_alive(world.alan)
        assert is_alive(world.lisa)

    def test_pending_sign_in_is_refused(self, world: World):
        proof = world.proof(world.ada.user)
        data_of(world.ada.post(REVOKE_ALL))
        with pytest.raises(operations.RevokedDuringSignIn):
            operations.open(proof, actor=SYSTEM)
        assert listed(world.ada) == [world.ada.session_id]

    def test_later_sign_in_is_accepted(self, world: World):
        data_of(world.ada.post(REVOKE_ALL))
        assert is_alive(world.signed_in(world.ada.user))

    def test_api_key_revokes_every_session(self, world: World):
        key = api_key_of(world.ada.user)
        assert data_of(key.post(REVOKE_ALL))["session_ids"] == [world.ada.session_id]
        assert not is_alive(world.ada)
        assert is_alive(key)

    def test_second_request_counts_zero(self, world: World):
        world.signed_in(world.ada.user)
        assert [data_of(world.ada.post(REVOKE_ALL))["revoked_count"] for _ in range(2)] == [1, 0]

    def test_writes_audit_entry_with_the_count(self, world: World):
        world.signed_in(world.ada.user)
        data_of(world.ada.post(REVOKE_ALL))
        [entry] = AuditEntry.objects.filter(actor_id=world.ada.user.handle, action="session.revoked_all")
        assert (entry.tenant_id, entry.partner_id, entry.result) == (world.north.pk, world.acme.pk, "success")
        assert (entry.changes["revoked_count"], entry.changes["reach"]) == (1, RevocationScope.USER)
