"""Edge API sessions: their fields, the current session, and revocation."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from accounts.models import Role
from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app.models import AuthMethod, Session
from tests.access.callers import Case
from tests.access.database_digest import database_digest
from tests.access.valid_requests import second_factor_on
from tests.cells import cells
from tests.contract.edge.client import (
    CURRENT,
    PATH,
    SESSIONS,
    SessionKeyCaller,
    error,
    ids,
    list_body,
    sign_in,
    with_session_key,
)
from tests.world import PASSWORD, Caller, World, some_id

MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FIELDS = {
    "id",
    "createdAt",
    "updatedAt",
    "_links",
    "tags",
    "token",
    "identityId",
    "identity",
    "ipAddress",
    "configTypes",
    "authQueries",
    "isMfaRequired",
    "isMfaComplete",
    "authenticatorId",
    "isCertExtendable",
    "lastActivityAt",
    "cachedLastActivityAt",
}


def shown(world: World, handle: str) -> dict[str, Any]:
    answer = world.super_admin.get(f"{SESSIONS}/{handle}")
    assert answer.status_code == 200
    assert answer.json()["meta"] == {}
    return answer.json()["data"]


def bearer(caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {caller.token}"}


class TestSessionBody:
    def test_has_exactly_the_documented_fields(self, world: World):
        ada = world.ada
        handle, identity = ada.session_id, ada.user.handle
        data = shown(world, handle)
        assert data.keys() == FIELDS
        assert data["_links"] == {"self": {"href": f"./api-sessions/{handle}"}}
        assert data["identity"] == {
            "entity": "identities",
            "id": identity,
            "name": ada.user.email,
            "_links": {"self": {"href": f"./identities/{identity}"}},
        }
        assert {name: data[name] for name in ("id", "token", "identityId", "ipAddress")} == {
            "id": handle,
            "token": handle,
            "identityId": identity,
            "ipAddress": "192.0.2.10",
        }
        nothing = {"tags": {}, "configTypes": [], "authQueries": [], "authenticatorId": "", "isCertExtendable": False}
        assert data | nothing == data
        assert data["isMfaRequired"] is data["isMfaComplete"] is False

    def test_timestamps_have_milliseconds(self, world: World):
        moment = datetime.fromisoformat("2026-01-02T03:04:05.006999+00:00")
        Session.objects.filter(pk=world.ada.session.pk).update(
            created_at=moment, last_activity_at=moment + timedelta(days=1), idle_limit=timedelta(days=9999)
        )
        data = shown(world, world.ada.session_id)
        assert data["createdAt"] == "2026-01-02T03:04:05.006Z"
        assert data["lastActivityAt"] == data["cachedLastActivityAt"] == data["updatedAt"] == "2026-01-03T03:04:05.006Z"

    def test_missing_address_is_an_empty_string(self, world: World):
        Session.objects.filter(pk=world.ada.session.pk).update(ip_address=None)
        assert shown(world, world.ada.session_id)["ipAddress"] == ""

    def test_mfa_fields_follow_enrolment_and_sign_in_method(self, world: World):
        second_factor_on(world, Case("ada", world.ada, world.ada.user))
        data = shown(world, world.ada.session_id)
        assert (data["isMfaRequired"], data["isMfaComplete"]) == (True, False)
        Session.objects.filter(pk=world.ada.session.pk).update(auth_method=AuthMethod.MFA)
        data = shown(world, world.ada.session_id)
        assert (data["isMfaRequired"], data["isMfaComplete"]) == (True, True)

    def test_list_and_detail_show_the_same_body(self, world: World):
        data = shown(world, world.ada.session_id)
        answer = list_body(world.super_admin, f'id = "{world.ada.session_id}"')
        assert answer["data"] == [data]
        assert answer["meta"].keys() == {"filterableFields", "pagination"}
        assert answer["meta"]["pagination"] == {"limit": 10, "offset": 0, "totalCount": 1}
        assert set(answer["meta"]["filterableFields"]) == {
            *("id", "createdAt", "updatedAt", "tags", "isSystem", "token", "identity", "lastActivityAt"),
            *("authenticator", "ipAddress", "mfaComplete", "mfaRequired", "improperClientCertChain"),
        }

    def test_lists_and_details_contain_no_credentials(self, world: World):
        key = with_session_key(world.person("admin", world.north, Role.TENANT_ADMIN), world)
        one = f"{SESSIONS}/{key.session_id}"
        for caller in (world.super_admin, key):
            for answer in (caller.get(SESSIONS), caller.get(one)):
                assert key.session_id in answer.content.decode()
                assert key.token not in answer.content.decode()


class TestCurrentSession:
    def test_returns_the_callers_own_session(self, world: World):
        for caller in (world.ada, world.north_admin, with_session_key(world.person("alan", world.north), world)):
            data = caller.get(CURRENT).json()["data"]
            assert data.keys() == FIELDS | {"expiresAt", "expirationSeconds"}
            assert data["id"] == caller.session_id

    def test_token_field_is_the_session_key_of_the_request(self, world: World):
        user = world.person("admin", world.north, Role.TENANT_ADMIN)
        key, secret = with_session_key(user, world), world.signed_in(user).key
        handle = world.ada.session_id
        tokens = {
            "zt-session": (key.get(CURRENT), key.token),
            "bearer": (Caller(secret).get(CURRENT), secret),
            "zt-session beside another bearer": (SessionKeyCaller(secret).get(CURRENT, headers=bearer(key)), secret),
            "access token": (world.ada.get(CURRENT), handle),
            "access token as zt-session": (SessionKeyCaller(world.ada.token).get(CURRENT), handle),
            "access token beside a key": (SessionKeyCaller(world.ada.token).get(CURRENT, headers=bearer(key)), handle),
        }
        answers = {name: (answer.json()["data"]["token"], want) for name, (answer, want) in tokens.items()}
        assert {name: each for name, each in answers.items() if each[0] != each[1]} == {}
        assert {answer["Cache-Control"] for answer, _ in tokens.values()} == {"no-store"}
        assert key.get(CURRENT).json()["data"]["token"] == key.token

    def test_expires_at_the_idle_limit_or_the_end_whichever_is_first(self, world: World):
        ada = world.ada
        row = Session.objects.filter(pk=ada.session.pk)
        row.update(idle_limit=timedelta(minutes=30), expires_at=Now() + timedelta(days=1))
        data = ada.get(CURRENT).json()["data"]
        seen = datetime.fromisoformat(data["lastActivityAt"])
        assert datetime.fromisoformat(data["expiresAt"]) == seen + timedelta(minutes=30)
        assert 1790 < data["expirationSeconds"] <= 1800
        row.update(expires_at=Now() + timedelta(minutes=5))
        answer = ada.get(CURRENT)
        assert 290 < answer.json()["data"]["expirationSeconds"] <= 300
        assert 290 < int(answer["expiration-seconds"]) <= 300

    def test_reading_it_counts_as_activity(self, world: World):
        ada = world.ada
        row = Session.objects.filter(pk=ada.session.pk)
        row.update(idle_limit=timedelta(minutes=30), last_activity_at=Now() - timedelta(minutes=20))
        answer = ada.get(CURRENT)
        assert 1790 < answer.json()["data"]["expirationSeconds"] <= 1800
        assert 1790 < int(answer["expiration-seconds"]) <= 1800

    def test_owner_revokes_it_and_is_signed_out(self, world: World):
        key = with_session_key(world.person("ada", world.north), world)
        answer = key.delete(CURRENT)
        assert (answer.status_code, answer.json()) == (200, {"data": {}, "meta": {}})
        assert key.get(CURRENT).status_code == key.delete(CURRENT).status_code == 401
        assert AuditEntry.objects.filter(action="authentication.sign_out", resource_id=key.session_id).count() == 1

    def test_is_refused_with_401_without_a_session(self, world: World):
        for caller in (world.service(), world.nobody):
            assert caller.get(CURRENT).status_code == caller.delete(CURRENT).status_code == 401


class TestRevokeOne:
    def test_answers_200_and_refuses_the_next_request(self, world: World):
        key = with_session_key(world.person("ada", world.north), world)
        assert key.get(CURRENT).status_code == 200
        answer = world.north_admin.delete(f"{SESSIONS}/{key.session_id}")
        assert (answer.status_code, answer.json()) == (200, {"data": {}, "meta": {}})
        assert key.get(CURRENT).status_code == 401
        assert key.session_id not in ids(list_body(world.north_admin, limit=500))

    def test_second_revocation_is_404(self, world: World):
        place = f"{SESSIONS}/{world.ada.session_id}"
        assert world.north_admin.delete(place).status_code == 200
        before = database_digest()
        for answer in (world.north_admin.delete(place), world.north_admin.get(place)):
            assert error(answer, 404)["code"] == "NOT_FOUND"
        assert database_digest() == before

    def test_writes_exactly_one_audit_entry(self, world: World):
        world.north_admin.delete(f"{SESSIONS}/{world.ada.session_id}")
        entry = AuditEntry.objects.get(action="session.revoked", resource_id=world.ada.session_id)
        assert entry.actor_id == world.north_admin.user.handle
        assert Session.objects.get(pk=world.ada.session.pk).revoked_by == world.north_admin.user.handle

    def test_session_of_an_equal_role_is_refused_and_recorded(self, world: World):
        peer = world.signed_in(world.person("other-admin", world.north, Role.TENANT_ADMIN))
        admin, before = world.north_admin, database_digest()
        answer = admin.delete(f"{SESSIONS}/{peer.session_id}")
        assert error(answer, 401)["code"] == "UNAUTHORIZED"
        assert database_digest() == before
        assert AuditEntry.objects.filter(action="access.denied", actor_id=world.north_admin.user.handle).count() == 1

    def test_admin_may_revoke_their_own_session(self, world: World):
        assert world.north_admin.delete(f"{SESSIONS}/{world.north_admin.session_id}").status_code == 200
        assert world.north_admin.get(CURRENT).status_code == 401


class TestSessionNotFound:
    def test_unknown_id_is_404_and_named(self, world: World):
        handle = some_id(Prefix.SESSION)
        told = error(world.super_admin.get(f"{SESSIONS}/{handle}"), 404)
        message = f"apiSession with id {handle} not found"
        assert told == {
            "code": "NOT_FOUND",
            "message": "The resource requested was not found or is no longer available",
            "cause": {"code": "UNHANDLED", "message": message},
            "causeMessage": message,
        }

    @cells("handle", ["x", "usr_01", "%00", "%FF", "ses_%C3%A9", "a" * 5_000, "' OR 1=1--"])
    def test_malformed_id_is_404(self, handle: str, world: World):
        for answer in (world.super_admin.get(f"{SESSIONS}/{handle}"), world.super_admin.delete(f"{SESSIONS}/{handle}")):
            assert error(answer, 404)["code"] == "NOT_FOUND"

    def test_expired_and_idle_sessions_are_404(self, world: World):
        for change in ({"expires_at": Now()}, {"last_activity_at": Now() - timedelta(days=99)}):
            caller = world.signed_in(world.person("ada", world.north))
            row = Session.objects.filter(pk=caller.session.pk)
            row.update(created_at=Now() - timedelta(days=100), due_at=Now(), **change)
            assert world.super_admin.get(f"{SESSIONS}/{caller.session_id}").status_code == 404
            assert world.super_admin.delete(f"{SESSIONS}/{caller.session_id}").status_code == 404
            assert caller.session_id not in ids(list_body(world.super_admin, limit=500))


class TestResponseHeaders:
    def test_every_response_names_the_server_and_is_not_stored(self, world: World):
        answers = [world.north_admin.get(SESSIONS), world.nobody.get(SESSIONS), world.nobody.get(f"{PATH}/version")]
        answers += [sign_in("nobody@north.example"), world.north_admin.get(f"{SESSIONS}/x"), world.ada.get("/edge/x")]
        for answer in answers:
            assert answer["Server"] == f"ziti-controller/v{settings.VERSION}"
            assert answer["Cache-Control"] == "no-store"
            assert answer["Vary"].startswith("Authorization, zt-session")
            assert answer["Content-Type"] == "application/json"

    def test_authenticated_response_has_the_session_expiry(self, world: World):
        admin = world.north_admin
        for answer in (admin.get(SESSIONS), admin.get(f"{SESSIONS}/x"), admin.get(CURRENT), world.ada.get(SESSIONS)):
            assert int(answer["expiration-seconds"]) > 0
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})? \+0000 UTC", answer["expires-at"])
        for answer in (world.nobody.get(SESSIONS), world.service().get(SESSIONS)):
            assert "expires-at" not in answer
            assert "expiration-seconds" not in answer


def test_session_opened_in_v1_is_listed_by_edge(world: World):
    answer = world.nobody.post(
        "/api/v1/auth/login", {"email": world.person("ada", world.north).email, "password": PASSWORD}
    )
    assert answer.json()["data"]["session_id"] in ids(list_body(world.north_admin, limit=500))
