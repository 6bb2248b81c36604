"""Every action writes one audit entry: actor, action, resource, address and result."""

import json
from typing import Any

import pytest
import requests

from accounts.operations import create_user
from audit.actions import Action, Result
from audit.models import AuditEntry
from core.ids import Prefix, decode_id
from tests.cells import cells
from tests.security.actions import ACTS, FROM, TOTP
from tests.security.system_actions import SYSTEM_ACTS
from tests.servers import Servers
from tests.world import CHROME, PASSWORD, SYSTEM, World

ELSEWHERE = {Action.APPLICATION_CREATED, Action.PARTNER_CREATED, Action.TENANT_CREATED, Action.USER_CREATED}
READS = ["/api/v1/me", "/api/v1/me/sessions", "/api/v1/me/api-keys", "/.well-known/jwks.json", "/healthz", "/nowhere"]


def recorded(since: int = 0) -> list[AuditEntry]:
    return list(AuditEntry.objects.order_by("pk"))[since:]


@cells("name", ACTS)
def test_action_writes_one_complete_audit_entry(world: World, name: str):
    act, ada = ACTS[name], world.ada.user
    perform = act.prepare(world)
    before = AuditEntry.objects.count()
    answer = perform()
    assert getattr(answer, "status_code", None) == act.status
    (entry,) = recorded(since=before)
    assert (entry.action, entry.result) == (act.action, act.result)
    assert (entry.actor_type, entry.resource_type) == (act.actor, act.resource)
    match act.actor:
        case "user" | "api_key":
            assert (entry.actor_id, entry.actor_label, entry.actor_tier) == (ada.handle, ada.email, "user")
            assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)
        case "anonymous":
            assert (entry.actor_id, entry.actor_label, entry.actor_tier) == ("", "x@x.example", "none")
        case "platform":
            assert entry.actor_id == entry.actor_label == ("nobody" if "unknown" in name else "billing")
        case "system":
            assert entry.actor_id == f"system:{entry.actor_label}"
            assert entry.actor_tier == "super"
    assert bool(entry.resource_id) == bool(act.resource)
    origin = (entry.ip_address, entry.user_agent, entry.request_id)
    assert origin == ((None, "", "") if act.actor == "system" else (FROM["REMOTE_ADDR"], CHROME, "the-request-itself"))


@cells("name", SYSTEM_ACTS)
def test_system_action_writes_one_audit_entry(world: World, name: str):
    prepare, action, resource = SYSTEM_ACTS[name]
    perform = prepare(world)
    before = AuditEntry.objects.count()
    perform()
    (entry,) = recorded(since=before)
    assert (entry.action, entry.result, entry.resource_type) == (action, Result.SUCCESS, resource)
    assert (entry.actor_id, entry.actor_type, entry.actor_tier) == (SYSTEM.id, "system", "super")
    assert bool(entry.resource_id) == bool(resource)


def test_every_audit_action_is_covered_by_these_tests():
    of_the_system = {action for _, action, _ in SYSTEM_ACTS.values()}
    assert {act.action for act in ACTS.values()} | of_the_system | ELSEWHERE == set(Action)


def test_creation_of_users_and_their_owners_is_recorded(world: World):
    world.make_service("billing", [])
    create_user(actor=SYSTEM, tenant=world.north, email="new@north.example", password=None)
    made = [entry for entry in recorded() if entry.action in ELSEWHERE]
    assert {entry.action for entry in made} == ELSEWHERE
    assert {entry.actor_id for entry in made} == {SYSTEM.id}


def test_reading_is_not_recorded(world: World):
    for caller in (world.nobody, world.ada):
        before = AuditEntry.objects.count()
        for path in READS:
            caller.get(path)
        assert recorded(since=before) == []


def test_audit_entry_names_the_resource_that_was_changed(world: World):
    phone = world.signed_in(world.ada.user)
    world.ada.delete(f"/api/v1/me/sessions/{phone.session_id}")
    entry = recorded()[-1]
    assert entry.resource_id == phone.session_id
    assert entry.changes["sessions"] == [phone.session_id]
    assert decode_id(Prefix.SESSION, entry.resource_id) == phone.session.pk


def test_entry_of_a_refused_request_has_its_path_and_error(world: World):
    ACTS["a service on a person's ground"].prepare(world)()
    changes = recorded()[-1].changes
    assert (changes["method"], changes["path"]) == ("GET", "/api/v1/me")
    assert "a client's token" in changes["detail"]


def test_entry_of_a_refused_request_survives_its_rollback(servers: Servers, committed_world: World):
    """Sent to another process, so that the entry must have been committed."""
    url = servers.urls[0]
    bearer = {"Authorization": f"Bearer {committed_world.ada.token}", "X-Request-ID": committed_world.ada.session_id}
    credentials = {"email": committed_world.ada.user.email, "password": "wrong"}
    asked = [
        requests.post(f"{url}/api/v1/auth/login", json=credentials, headers=bearer, timeout=10),
        requests.post(f"{url}{TOTP}/confirm", json={"code": "000000"}, headers=bearer, timeout=10),
    ]
    assert [answer.status_code for answer in asked] == [401, 409]
    found = AuditEntry.objects.filter(request_id=committed_world.ada.session_id).order_by("pk")
    assert [entry.action for entry in found] == [Action.SIGNED_IN, Action.ACT_REFUSED]


class TestAuditSecrets:
    def test_audit_log_contains_no_secrets(self, world: World, monkeypatch: pytest.MonkeyPatch):
        told: list[Any] = []
        generic = type(world.nobody.http).generic

        def listening(*args: Any, **named: Any) -> Any:
            answer = generic(*args, **named)
            told.append(answer.content.decode())
            return answer

        monkeypatch.setattr(type(world.nobody.http), "generic", listening)
        for number, act in enumerate(act for act in ACTS.values() if act.result is Result.SUCCESS):
            act.prepare(World.commit(f"-{number}"))()
        handed_out = {secret for text in told for secret in secrets_in(text)}
        assert len(handed_out) > 50
        written = json.dumps(list(AuditEntry.objects.values()), default=str)
        assert not [secret for secret in handed_out | {PASSWORD, "billing-secret"} if secret in written]


def secrets_in(text: str) -> list[str]:
    """What an answer hands out once: tokens, keys, codes."""
    names = {"access_token", "refresh_token", "api_key", "secret", "otpauth_uri", "recovery_codes", "client_secret"}

    def found(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [value for name, value in part.items() if name in names]
            return [each for value in own for each in (value if isinstance(value, list) else [value])] + [
                each for value in part.values() for each in found(value)
            ]
        return []

    try:
        return found(json.loads(text))
    except ValueError:
        return []
