"""/me/api-keys: users create, list and delete their API keys."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from accounts.models import ApiKey
from audit.models import AuditEntry
from core.crypto import digest
from core.ids import Prefix
from tests.cells import cells
from tests.contract.v1.answers import ME, NOT_AUTHENTICATED, data_of, flaws, refused, when
from tests.world import Caller, World, some_id

PATH = "/api/v1/me/api-keys"
API_KEY = {"id", "name", "created_at", "last_used_at"}


def create(caller: Caller, name: str = "laptop") -> dict[str, Any]:
    return data_of(caller.post(PATH, {"name": name}), 201)


class TestCreateApiKey:
    @cells("path", [PATH, f"{PATH}/"])
    def test_response_contains_the_key(self, path, world: World):
        made = data_of(world.ada.post(path, {"name": "laptop"}), 201)
        assert made.keys() == {*API_KEY, "api_key"}
        assert made["id"].startswith("key_")
        assert (made["name"], made["last_used_at"]) == ("laptop", None)
        assert when(made["created_at"])
        assert made["api_key"] not in world.ada.get(PATH).content.decode()

    def test_new_key_acts_for_its_owner(self, world: World):
        me = data_of(Caller(create(world.ada)["api_key"]).get(ME))
        assert (me["id"], me["session"]) == (world.ada.user.handle, None)

    def test_only_a_digest_is_stored(self, world: World):
        made = create(world.ada)
        kept = ApiKey.objects.filter(user=world.ada.user).values().get()
        assert bytes(kept["digest"]) == digest(made["api_key"])
        assert made["api_key"].removeprefix("curfew_") not in str(kept)

    def test_keys_are_random_and_long(self, world: World):
        one, other = create(world.ada), create(world.ada)
        assert one["api_key"] != other["api_key"]
        assert len(one["api_key"].removeprefix("curfew_")) >= 43  # 256 bits

    def test_unknown_fields_and_invalid_names_are_refused(self, world: World):
        body = {"name": "laptop", "user_id": world.alan.user.handle, "api_key": "curfew_mine"}
        assert [loc for loc, _, _ in flaws(world.ada.post(PATH, body))] == [["body", "api_key"], ["body", "user_id"]]
        for name in ("", " ", "x" * 101, None, 1, ["laptop"]):
            assert [loc for loc, _, _ in flaws(world.ada.post(PATH, {"name": name}))] == [["body", "name"]]
        assert not ApiKey.objects.filter(user=world.ada.user).exists()

    def test_audit_entry_does_not_contain_the_key(self, world: World):
        made = create(world.ada)
        [entry] = AuditEntry.objects.filter(resource_id=made["id"])
        assert (entry.action, entry.result, entry.changes) == ("api_key.created", "success", {"name": [None, "laptop"]})
        assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)


class TestListApiKeys:
    @cells("path", [PATH, f"{PATH}/"])
    def test_lists_own_keys_newest_first_without_secrets(self, path, world: World):
        create(world.alan)
        made = [create(world.ada, name) for name in ("laptop", "phone")]
        shown = data_of(world.ada.get(path))
        assert all(item.keys() == API_KEY for item in shown)
        assert [item["id"] for item in shown] == [each["id"] for each in reversed(made)]
        assert [item["name"] for item in shown] == ["phone", "laptop"]

    def test_last_used_at_is_updated_once_a_minute(self, world: World):
        key = Caller(create(world.ada)["api_key"])
        data_of(key.get(ME))
        [first] = data_of(world.ada.get(PATH))
        assert when(first["last_used_at"])
        ApiKey.objects.update(last_used_at=Now() - timedelta(seconds=59))
        [before] = data_of(key.get(PATH))
        assert data_of(key.get(PATH)) == [before]
        ApiKey.objects.update(last_used_at=Now() - timedelta(seconds=61))
        [after] = data_of(key.get(PATH))
        assert when(after["last_used_at"]) > when(before["last_used_at"])


class TestDeleteApiKey:
    @cells("slash", ["", "/"])
    def test_deleted_key_is_refused_on_next_request(self, slash, world: World):
        made = create(world.ada)
        answer = world.ada.delete(f"{PATH}/{made['id']}{slash}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert refused(Caller(made["api_key"]).get(ME)) == NOT_AUTHENTICATED
        assert data_of(world.ada.get(PATH)) == []

    def test_other_keys_stay_valid(self, world: World):
        made, other = create(world.ada), create(world.ada)
        world.ada.delete(f"{PATH}/{made['id']}")
        data_of(Caller(other["api_key"]).get(ME))

    def test_deleted_foreign_and_unknown_keys_are_404(self, world: World):
        gone, alans = create(world.ada), create(world.alan)
        world.ada.delete(f"{PATH}/{gone['id']}")
        for key_id in (
            gone["id"],
            alans["id"],
            some_id(Prefix.API_KEY),
            "key_",
            world.ada.session_id,
            alans["api_key"],
        ):
            assert refused(world.ada.delete(f"{PATH}/{key_id}"), 404) == {"detail": "API key not found"}
        data_of(Caller(alans["api_key"]).get(ME))

    def test_writes_audit_entry(self, world: World):
        made = create(world.ada)
        world.ada.delete(f"{PATH}/{made['id']}")
        entry = AuditEntry.objects.get(resource_id=made["id"], action="api_key.deleted")
        assert (entry.result, entry.changes) == ("success", {"name": ["laptop", None]})


class TestInvalidApiKey:
    def test_altered_key_is_refused(self, world: World):
        key = create(world.ada)["api_key"]
        for odd in (
            key[:-1],
            key + "A",
            key.upper(),
            key.removeprefix("curfew_"),
            "curfew_",
            f" {key}",
            f"{key},{key}",
        ):
            assert refused(Caller(odd).get(ME)) == NOT_AUTHENTICATED

    def test_digest_of_a_key_is_refused(self, world: World):
        key = create(world.ada)["api_key"]
        for odd in (digest(key).hex(), f"curfew_{digest(key).hex()}"):
            assert refused(Caller(odd).get(ME)) == NOT_AUTHENTICATED


def test_api_key_survives_revocation_of_all_sessions(world: World):
    key = Caller(create(world.ada)["api_key"])
    data_of(key.post("/api/v1/me/sessions/revoke-all"))
    refused(world.ada.get(ME))
    data_of(key.get(ME))
