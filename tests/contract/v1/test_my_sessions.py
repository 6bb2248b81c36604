from tests.world import World

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


class TestListingMySessions:
    def test_shows_every_live_one_newest_first_and_marks_this_one(self, world: World):
        phone = world.signed_in(world.ada.user)
        answer = world.ada.get("/api/v1/me/sessions")
        assert answer.status_code == 200
        assert [item["id"] for item in answer.json()["data"]] == [phone.session_id, world.ada.session_id]
        assert [item["is_current"] for item in answer.json()["data"]] == [False, True]
        assert all(item.keys() == SESSION_LIST_ITEM for item in answer.json()["data"])


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


class TestEndingMyOtherSessions:
    def test_leaves_this_one(self, world: World):
        others = [world.signed_in(world.ada.user) for _ in range(3)]
        answer = world.ada.post("/api/v1/me/sessions/revoke-all")
        assert answer.status_code == 200
        assert answer.json()["data"]["revoked_count"] == 3
        assert all(other.get("/api/v1/me").status_code == 401 for other in others)
        assert world.ada.get("/api/v1/me").status_code == 200
