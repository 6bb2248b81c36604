from datetime import timedelta

import pytest
from django.db.models.functions import Now

from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app import operations
from sessions_app.api.v1.views import mine as views
from sessions_app.models import Reach, Session, SessionApplication
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.contract.v1.answers import NOT_AUTHENTICATED, data_of, refused, when
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


class TestListingMySessions:
    def test_shows_every_live_one_newest_first_and_marks_this_one(self, world: World):
        phone = world.signed_in(world.ada.user)
        answer = world.ada.get("/api/v1/me/sessions")
        assert answer.status_code == 200
        assert [item["id"] for item in answer.json()["data"]] == [phone.session_id, world.ada.session_id]
        assert [item["is_current"] for item in answer.json()["data"]] == [False, True]
        assert all(item.keys() == SESSION_LIST_ITEM for item in answer.json()["data"])

    @cells("path", [MINE, f"{MINE}/"])
    def test_tells_of_each_where_and_on_what_it_was_opened(self, path, world: World):
        application = world.make_service("wiki", [])
        SessionApplication.objects.create(session=world.ada.session, application=application)
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

    def test_says_null_where_nothing_is_known(self, world: World):
        bare = world.signed_in(world.ada.user, ip_address=None, user_agent="")
        item = data_of(bare.get(MINE))[0]
        assert (item["ip_address"], item["user_agent"], item["device_type"]) == (None, None, None)

    def test_shows_nobody_elses(self, world: World):
        for caller in (world.alan, world.north_admin, world.acme_partner, world.super_admin, world.lisa):
            assert listed(caller) == [caller.session_id]
        assert listed(world.ada) == [world.ada.session_id]

    def test_leaves_out_what_has_ended_however_it_ended(self, world: World):
        revoked, expired, idle, outdated = (world.signed_in(world.ada.user) for _ in range(4))
        operations.revoke(Session.objects.filter(pk=revoked.session.pk), actor=SYSTEM, reason="test")
        ends = {"created_at": Now() - timedelta(days=2), "expires_at": Now() - timedelta(seconds=1)}
        Session.objects.filter(pk=expired.session.pk).update(**ends)
        Session.objects.filter(pk=idle.session.pk).update(last_activity_at=Now() - timedelta(days=30))
        Session.objects.filter(pk=outdated.session.pk).update(revision=-1, era=-1)
        assert listed(world.ada) == [world.ada.session_id]

    def test_stops_where_nobody_would_look_any_further(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(views, "LISTED_AT_MOST", 2)
        newest = [world.signed_in(world.ada.user) for _ in range(3)][:0:-1]
        assert listed(world.ada) == [each.session_id for each in newest]

    def test_by_an_api_key_marks_none(self, world: World):
        assert [item["is_current"] for item in data_of(api_key_of(world.ada.user).get(MINE))] == [False]

    def test_is_for_people(self, world: World):
        assert refused(world.nobody.get(MINE)) == NOT_AUTHENTICATED
        assert refused(world.service().get(MINE), 403).keys() == {"detail"}


class TestEndingOneOfMySessions:
    def test_ends_it_at_its_next_request(self, world: World):
        phone = world.signed_in(world.ada.user)
        answer = world.ada.delete(f"/api/v1/me/sessions/{phone.session_id}")
        assert answer.status_code == 200
        assert answer.json()["data"] == {"revoked_count": 1, "session_ids": [phone.session_id]}
        assert phone.get("/api/v1/me/sessions").status_code == 401
        assert world.ada.get("/api/v1/me/sessions").status_code == 200

    def test_is_harmless_to_repeat(self, world: World):
        phone = world.signed_in(world.ada.user)
        for expected in ([phone.session_id], []):
            answer = world.ada.delete(f"/api/v1/me/sessions/{phone.session_id}")
            assert (answer.status_code, answer.json()["data"]["session_ids"]) == (200, expected)

    def test_repeated_leaves_the_first_end_as_it_was(self, world: World):
        phone, tablet = world.signed_in(world.ada.user), world.signed_in(world.ada.user)
        data_of(world.ada.delete(f"{MINE}/{phone.session_id}"))
        first = Session.objects.get(pk=phone.session.pk)
        assert data_of(tablet.delete(f"{MINE}/{phone.session_id}/")) == {"revoked_count": 0, "session_ids": []}
        again = Session.objects.get(pk=phone.session.pk)
        assert (again.revoked_at, again.revocation_id) == (first.revoked_at, first.revocation_id)
        assert (again.revoked_by, again.revoke_reason) == (world.ada.user.handle, "signed out by the user")

    def test_may_be_this_very_one(self, world: World):
        data = data_of(world.ada.delete(f"{MINE}/{world.ada.session_id}"))
        assert data == {"revoked_count": 1, "session_ids": [world.ada.session_id]}
        assert not is_alive(world.ada)

    @cells("who", ["alan", "north_admin", "acme_partner", "super_admin"])
    def test_of_somebody_else_does_not_exist(self, who, world: World):
        """Administrators have no more power here than anybody."""
        answers = [
            getattr(world, who).delete(f"{MINE}/{each}") for each in (world.ada.session_id, some_id(Prefix.SESSION))
        ]
        assert [refused(answer, 404) for answer in answers] == [{"detail": "Session not found"}] * 2
        assert is_alive(world.ada)

    @cells("odd", ["ses_1", "x", "%00", "usr_{}", "SES_{}", "ses_{} ", "ses_{}0"])
    def test_by_no_id_at_all_is_not_there_either(self, odd, world: World):
        path = f"{MINE}/{odd.format(world.ada.session_id.removeprefix('ses_'))}"
        assert refused(world.ada.delete(path), 404) == {"detail": "Session not found"}
        assert is_alive(world.ada)

    def test_is_recorded_once_for_each_time(self, world: World):
        phone = world.signed_in(world.ada.user)
        for _ in range(2):
            world.ada.delete(f"{MINE}/{phone.session_id}")
        entries = AuditEntry.objects.filter(resource_id=phone.session_id, action="session.revoked").order_by("number")
        assert [entry.changes["revoked_count"] for entry in entries] == [1, 0]
        assert {(entry.tenant_id, entry.actor_id) for entry in entries} == {(world.north.pk, world.ada.user.handle)}


class TestEndingMyOtherSessions:
    def test_leaves_this_one(self, world: World):
        others = [world.signed_in(world.ada.user) for _ in range(3)]
        answer = world.ada.post("/api/v1/me/sessions/revoke-all")
        assert answer.status_code == 200
        assert answer.json()["data"]["revoked_count"] == 3
        assert all(other.get("/api/v1/me").status_code == 401 for other in others)
        assert world.ada.get("/api/v1/me").status_code == 200

    def test_names_them_newest_first(self, world: World):
        others = [world.signed_in(world.ada.user) for _ in range(2)]
        data = data_of(world.ada.post(f"{REVOKE_ALL}/"))
        assert data == {"revoked_count": 2, "session_ids": [other.session_id for other in reversed(others)]}

    def test_leaves_this_one_able_to_refresh(self, world: World):
        phone = world.signed_in(world.ada.user)
        data_of(world.ada.post(REVOKE_ALL))
        data_of(world.nobody.post("/api/v1/auth/refresh", {"refresh_token": world.ada.refresh_token}))
        refused(world.nobody.post("/api/v1/auth/refresh", {"refresh_token": phone.refresh_token}))

    def test_names_none_to_whoever_asks_for_no_more_than_the_count(self, world: World):
        world.signed_in(world.ada.user)
        answer = world.ada.post(REVOKE_ALL, headers={"Prefer": "return=minimal"})
        assert data_of(answer) == {"revoked_count": 1, "session_ids": []}
        assert answer["Preference-Applied"] == "return=minimal"

    def test_leaves_everybody_elses(self, world: World):
        assert is_alive(world.alan)
        assert is_alive(world.lisa)
        assert data_of(world.ada.post(REVOKE_ALL)) == {"revoked_count": 0, "session_ids": []}
        assert is_alive(world.alan)
        assert is_alive(world.lisa)

    def test_ends_sign_ins_that_are_under_way(self, world: World):
        proof = world.proof(world.ada.user)
        data_of(world.ada.post(REVOKE_ALL))
        with pytest.raises(operations.RevokedDuringSignIn):
            operations.open(proof, actor=SYSTEM)
        assert listed(world.ada) == [world.ada.session_id]

    def test_lets_in_whoever_signs_in_afterwards(self, world: World):
        data_of(world.ada.post(REVOKE_ALL))
        assert is_alive(world.signed_in(world.ada.user))

    def test_by_an_api_key_leaves_none(self, world: World):
        key = api_key_of(world.ada.user)
        assert data_of(key.post(REVOKE_ALL))["session_ids"] == [world.ada.session_id]
        assert not is_alive(world.ada)
        assert is_alive(key)

    def test_can_be_repeated(self, world: World):
        world.signed_in(world.ada.user)
        assert [data_of(world.ada.post(REVOKE_ALL))["revoked_count"] for _ in range(2)] == [1, 0]

    def test_is_recorded_with_how_many(self, world: World):
        world.signed_in(world.ada.user)
        data_of(world.ada.post(REVOKE_ALL))
        [entry] = AuditEntry.objects.filter(actor_id=world.ada.user.handle, action="session.revoked_all")
        assert (entry.tenant_id, entry.partner_id, entry.result) == (world.north.pk, world.acme.pk, "success")
        assert (entry.changes["revoked_count"], entry.changes["reach"]) == (1, Reach.USER)
